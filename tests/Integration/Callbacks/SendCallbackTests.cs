using System.Text.Json;
using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Http;
using Messaging.Contracts.Messages;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Callbacks;
using Messaging.Tests.Integration.Runtime;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Callbacks;

/// <summary>Callbacks as they are sent: what receivers get, and what their answers mean.</summary>
[CancelAfter(60_000)]
public sealed class SendCallbackTests
{
    private static readonly OnBehalf Somebody = new(new Actor("anonymous", null, null), "to see");

    [Test]
    public async Task A_success_is_told_signed_with_the_secret_of_addresses(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit);
        var (task, delivery) = await bench.RunAsync(limit);

        await bench.SendAsync(task, delivery, limit);

        var received = bench.Received.Single();
        Assert.That(received.IsSignedWith(await bench.SecretOfAsync("", limit)), Is.True);
        Assert.That(received.Id, Is.EqualTo($"msg_{delivery:N}"));
        var message = received.Json;
        Assert.That(message.GetProperty("type").GetString(), Is.EqualTo("task.succeeded"));
        var data = message.GetProperty("data");
        Assert.That(message.GetProperty("timestamp").GetString(), Is.EqualTo(data.GetProperty("finishedAt").GetString()));
        Assert.That(data.GetProperty("id").GetGuid(), Is.EqualTo(task));
        Assert.That(data.GetProperty("state").GetString(), Is.EqualTo("succeeded"));
        Assert.That(data.GetProperty("kind").GetString(), Is.EqualTo("test.say"));
        Assert.That(data.GetProperty("result").GetRawText(), Is.EqualTo("""{"text":"hello","attempt":1}"""));
        Assert.That(data.GetProperty("tags").GetRawText(), Is.EqualTo("""["tagged"]"""));
        Assert.That(data.TryGetProperty("input", out _), Is.False);
        Assert.That(await bench.Worker.OutcomeAsync(delivery, limit), Has.Property("State").EqualTo(TaskState.Succeeded));
        Assert.That(await bench.LogAsync(task, limit), Is.EqualTo(["1 200"]));
    }

    [Test]
    public async Task A_secret_of_the_tasks_own_signs_alone(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit);
        var secret = CallbackSecret.Create();
        var (task, delivery) = await bench.RunAsync(limit, secret);

        await bench.SendAsync(task, delivery, limit);

        Assert.That(bench.Received.Single().IsSignedWith(secret), Is.True);
        Assert.That(bench.Received.Single().Signatures, Does.Not.Contain(" "));
    }

    [Test]
    public async Task A_failure_is_told_as_it_was_also_when_the_task_runs_again_meanwhile(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit);
        var (task, delivery) = await bench.RunAsync(new Refuse("because of \"this\""), new NewCallback(bench.Web.Url("hook"), null), limit);
        await bench.Worker.ExecuteAsync("DELETE FROM messaging.outcomes WHERE task_id = $1", limit, task);

        await bench.SendAsync(task, delivery, limit);

        var data = bench.Received.Single().Json.GetProperty("data");
        Assert.That(bench.Received.Single().Json.GetProperty("type").GetString(), Is.EqualTo("task.failed"));
        Assert.That(data.GetProperty("failure").GetProperty("code").GetString(), Is.EqualTo("refused"));
        Assert.That(data.GetProperty("failure").GetProperty("message").GetString(), Is.EqualTo("because of \"this\""));
        Assert.That(data.TryGetProperty("result", out _), Is.False);
    }

    [TestCase(60_000, true)]
    [TestCase(70_000, false)]
    [TestCase(400_000, false)]
    public async Task A_result_that_is_too_large_is_left_out(int length, bool there, CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit);
        var (task, delivery) = await bench.RunAsync(new Large(length), new NewCallback(bench.Web.Url("hook"), null), limit);

        await bench.SendAsync(task, delivery, limit);

        var data = bench.Received.Single().Json.GetProperty("data");
        Assert.That(data.TryGetProperty("result", out _), Is.EqualTo(there));
        Assert.That(data.GetProperty("links").GetProperty("result").GetString(), Is.EqualTo($"/v1/tasks/{task}/result"));
        Assert.That(data.GetProperty("links").GetProperty("callbacks").GetString(), Is.EqualTo($"/v1/tasks/{task}/callbacks"));
    }

    [Test]
    public async Task What_is_not_taken_comes_again_by_the_schedule_as_the_same_message_and_is_given_up_in_the_end(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([500, 302, 404], limit);
        var (task, delivery) = await bench.RunAsync(limit);

        await bench.SendAsync(task, delivery, limit);
        Assert.That((await bench.Worker.OpenAsync(delivery, limit))!.DueInSeconds, Is.InRange(50, 66), "PT1M and up to a tenth");
        await bench.SendAsync(task, delivery, limit);
        Assert.That((await bench.Worker.OpenAsync(delivery, limit))!.DueInSeconds, Is.InRange(3500, 3960), "PT1H and up to a tenth");
        await bench.SendAsync(task, delivery, limit);

        var ended = await bench.Worker.OutcomeAsync(delivery, limit);
        Assert.That(ended!.State, Is.EqualTo(TaskState.Failed));
        Assert.That(ended.Failure!.Code, Is.EqualTo("callback-not-taken"));
        Assert.That(ended.Failure.Message, Does.Contain("404").And.Contain("given up after 3 attempts"));
        Assert.That(await bench.LogAsync(task, limit), Is.EqualTo(["1 500", "2 302", "3 404"]));
        Assert.That(bench.Received.Select(r => r.Id).Distinct(), Has.Exactly(1).Items);
        Assert.That(bench.Received.Select(r => Convert.ToBase64String(r.Body)).Distinct(), Has.Exactly(1).Items, "byte by byte");
        Assert.That(bench.Received.Select(r => r.Path).Distinct(), Is.EqualTo(["/hook"]), "the redirect was not followed");
    }

    [TestCase(429, "7200", 7200)]
    [TestCase(503, "7200", 7200)]
    [TestCase(503, "1", 60)]
    public async Task Retry_After_is_honoured_when_it_is_later_than_the_schedule(int status, string header, int seconds, CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync(
            (_, context) =>
            {
                context.Response.StatusCode = status;
                context.Response.Headers.RetryAfter = header;
                return Task.CompletedTask;
            },
            limit);
        var (task, delivery) = await bench.RunAsync(limit);
        await bench.SendAsync(task, delivery, limit);
        Assert.That((await bench.Worker.OpenAsync(delivery, limit))!.DueInSeconds, Is.InRange(seconds - 10, seconds * 1.1));
    }

    [Test]
    public async Task Status_410_ends_it_and_disables_the_endpoint_until_somebody_enables_it(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([410, 200], limit);
        var endpoints = bench.Worker.Services.GetRequiredService<EndpointStore>();
        await endpoints.CreateAsync("orders", bench.Web.Url("orders"), CallbackEvents.All, CallbackSecret.Create(), Somebody, limit);
        var (first, gone) = await bench.RunAsync(new Say("1"), new NewCallback(null, "orders"), limit);

        await bench.SendAsync(first, gone, limit);
        Assert.That((await bench.Worker.OutcomeAsync(gone, limit))!.Failure!.Code, Is.EqualTo("callback-gone"));
        Assert.That((await endpoints.FindAsync("orders", limit))!.DisabledReason, Is.EqualTo("gone"));

        var (second, refused) = await bench.RunAsync(new Say("2"), new NewCallback(null, "orders"), limit);
        await bench.SendAsync(second, refused, limit);
        Assert.That((await bench.Worker.OutcomeAsync(refused, limit))!.Failure!.Code, Is.EqualTo("callback-endpoint-disabled"));
        Assert.That(bench.Received, Has.Count.EqualTo(1), "nothing was sent");
        Assert.That((await bench.LogAsync(second, limit)).Single(), Does.Contain("'orders' is disabled"));

        await endpoints.EnableAsync("orders", Somebody, limit);
        var again = await bench.Worker.Services.GetRequiredService<CallbackDeliveries>().ResendAsync(second, refused, Somebody, limit);
        await bench.SendAsync(second, again!.Value, limit);
        Assert.That(bench.Received.Last().Id, Is.EqualTo($"msg_{refused:N}"), "the id of the first delivery");
        Assert.That(await bench.Worker.OutcomeAsync(again.Value, limit), Has.Property("State").EqualTo(TaskState.Succeeded));
    }

    [TestCase("ftp://example.com/", "scheme")]
    [TestCase("example.com/hook", "absolute")]
    [TestCase("http://169.254.169.254/latest", "link-local")]
    public async Task An_address_that_no_door_takes_is_given_up_at_once(string url, string why, CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit);
        var (task, delivery) = await bench.RunAsync(new Say("x"), new NewCallback(url, null), limit);

        await bench.SendAsync(task, delivery, limit);

        var ended = await bench.Worker.OutcomeAsync(delivery, limit);
        Assert.That((ended!.State, ended.Failure!.Code), Is.EqualTo((TaskState.Failed, "callback-bad-address")));
        Assert.That((await bench.LogAsync(task, limit)).Single(), Does.Contain(why));
    }

    [Test]
    public async Task What_an_address_did_not_take_goes_to_the_one_that_its_endpoint_has_by_then(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([500, 200], limit);
        var endpoints = bench.Worker.Services.GetRequiredService<EndpointStore>();
        var secret = CallbackSecret.Create();
        await endpoints.CreateAsync("orders", bench.Web.Url("before"), CallbackEvents.All, secret, Somebody, limit);
        var (task, delivery) = await bench.RunAsync(new Say("1"), new NewCallback(null, "orders"), limit);
        await bench.SendAsync(task, delivery, limit);

        await endpoints.ChangeAsync("orders", new EndpointChange(bench.Web.Url("after"), null), Somebody, limit);
        await bench.SendAsync(task, delivery, limit);

        Assert.That(bench.Received.Select(r => r.Path), Is.EqualTo(["/before", "/after"]));
        Assert.That(bench.Received.Select(r => r.Id).Distinct(), Has.Exactly(1).Items, "the same message");
        Assert.That(bench.Received, Has.All.Matches<Received>(r => r.IsSignedWith(secret)));
        Assert.That(await bench.Worker.OutcomeAsync(delivery, limit), Has.Property("State").EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task An_address_that_is_gone_ends_nothing_once_its_endpoint_has_moved(CancellationToken limit)
    {
        var moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var bench = await CallbackBench.StartAsync(
            async (n, context) =>
            {
                context.Response.StatusCode = n == 1 ? 410 : 200;
                await moved.Task.WaitAsync(context.RequestAborted);
            },
            limit);
        var endpoints = bench.Worker.Services.GetRequiredService<EndpointStore>();
        await endpoints.CreateAsync("orders", bench.Web.Url("before"), CallbackEvents.All, CallbackSecret.Create(), Somebody, limit);
        var (task, delivery) = await bench.RunAsync(new Say("1"), new NewCallback(null, "orders"), limit);
        var sending = bench.SendAsync(task, delivery, limit);
        await Eventually.TrueAsync(() => !bench.Received.IsEmpty, cancellationToken: limit);

        await endpoints.ChangeAsync("orders", new EndpointChange(bench.Web.Url("after"), null), Somebody, limit);
        moved.SetResult();
        await sending;

        Assert.That((await endpoints.FindAsync("orders", limit))!.DisabledReason, Is.Null);
        Assert.That((await bench.Worker.OpenAsync(delivery, limit))!.State, Is.EqualTo(TaskState.Scheduled));
        await bench.SendAsync(task, delivery, limit);
        Assert.That(bench.Received.Select(r => r.Path), Is.EqualTo(["/before", "/after"]));
        Assert.That(await bench.Worker.OutcomeAsync(delivery, limit), Has.Property("State").EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task Of_which_ends_an_endpoint_is_told_is_what_it_says_when_they_come(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit);
        var endpoints = bench.Worker.Services.GetRequiredService<EndpointStore>();
        await endpoints.CreateAsync("orders", bench.Web.Url("orders"), CallbackEvents.Failed, CallbackSecret.Create(), Somebody, limit);
        await endpoints.ChangeAsync("orders", new EndpointChange(null, CallbackEvents.Succeeded), Somebody, limit);
        var (task, delivery) = await bench.RunAsync(new Say("1"), new NewCallback(null, "orders"), limit);

        await bench.SendAsync(task, delivery, limit);

        Assert.That(bench.Received.Single().Json.GetProperty("type").GetString(), Is.EqualTo("task.succeeded"));
    }

    [Test]
    public async Task While_a_secret_rotates_both_sign(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit);
        var endpoints = bench.Worker.Services.GetRequiredService<EndpointStore>();
        byte[][] secrets = [CallbackSecret.Create(), CallbackSecret.Create(), CallbackSecret.Create()];
        await endpoints.CreateAsync("orders", bench.Web.Url("orders"), CallbackEvents.All, secrets[0], Somebody, limit);

        await endpoints.RotateAsync("orders", secrets[1], TimeSpan.FromHours(1), Somebody, limit);
        Assert.That(await SignersAsync(), Is.EqualTo([true, true, false]));
        await endpoints.RotateAsync("orders", secrets[2], TimeSpan.Zero, Somebody, limit);
        Assert.That(await SignersAsync(), Is.EqualTo([false, false, true]), "PT0S leaves none of those before");

        async Task<bool[]> SignersAsync()
        {
            var (task, delivery) = await bench.RunAsync(new Say("x"), new NewCallback(null, "orders"), limit);
            await bench.SendAsync(task, delivery, limit);
            return [.. secrets.Select(bench.Received.Last().IsSignedWith)];
        }
    }

    [Test]
    public async Task The_secret_of_addresses_rotates_too(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit);
        var before = await bench.SecretOfAsync("", limit);
        var after = CallbackSecret.Create();
        await bench.Worker.Services.GetRequiredService<EndpointStore>().RotateAsync(EndpointStore.OfUrls, after, TimeSpan.FromHours(1), Somebody, limit);
        var (task, delivery) = await bench.RunAsync(limit);

        await bench.SendAsync(task, delivery, limit);

        Assert.That(bench.Received.Single().IsSignedWith(before) && bench.Received.Single().IsSignedWith(after), Is.True);
    }

    [Test]
    public async Task An_address_that_may_not_be_reached_is_an_attempt_that_failed_and_says_why(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit, ("Messaging:Callbacks:AllowLoopback", "false"));
        var (task, delivery) = await bench.RunAsync(new Say("x"), new NewCallback($"http://localhost:{bench.Web.Address.Port}/", null), limit);

        await bench.SendAsync(task, delivery, limit);

        Assert.That(bench.Received, Is.Empty);
        Assert.That((await bench.LogAsync(task, limit)).Single(), Does.Contain("'localhost' is this machine, which is refused"));
        Assert.That((await bench.Worker.OpenAsync(delivery, limit))!.State, Is.EqualTo(TaskState.Scheduled));
    }

    [Test]
    public async Task A_forged_delivery_and_one_whose_task_is_gone_are_not_sent(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([200], limit);
        var (task, delivery) = await bench.RunAsync(limit);
        var forged = await bench.Worker.SubmitAsync("messaging.callback", JsonSerializer.SerializeToUtf8Bytes(new { taskId = task }), limit);
        await bench.Worker.DeliverAsync(limit, forged);
        Assert.That((await bench.Worker.OutcomeAsync(forged.Id, limit))!.Failure!.Code, Is.EqualTo("task-removed"));

        Assert.That(await bench.Worker.ScalarAsync<bool>("SELECT messaging.remove_task($1)", limit, task), Is.True);
        await bench.SendAsync(task, delivery, limit);

        Assert.That((await bench.Worker.OutcomeAsync(delivery, limit))!.Failure!.Code, Is.EqualTo("task-removed"));
        Assert.That(bench.Received, Is.Empty);
    }

    [Test]
    public async Task A_test_goes_out_once_also_to_a_disabled_endpoint(CancellationToken limit)
    {
        await using var bench = await CallbackBench.StartAsync([500], limit);
        var endpoints = bench.Worker.Services.GetRequiredService<EndpointStore>();
        var secret = CallbackSecret.Create();
        await endpoints.CreateAsync("orders", bench.Web.Url("orders"), CallbackEvents.All, secret, Somebody, limit);
        await endpoints.DisableAsync("orders", Somebody, limit);

        var sender = (await endpoints.TestAsync("orders", Somebody, limit))!.Value;
        await bench.Worker.Receiver.ReceiveAsync("callbacks", new RunTasks([CallbackBench.Copy(sender, sender) with { MaxAttempts = 1 }]), limit);

        var received = bench.Received.Single();
        Assert.That(received.IsSignedWith(secret), Is.True);
        Assert.That(received.Json.GetProperty("type").GetString(), Is.EqualTo("callback.test"));
        Assert.That(received.Json.GetProperty("data").GetProperty("endpoint").GetString(), Is.EqualTo("orders"));
        Assert.That((await bench.Worker.OutcomeAsync(sender, limit))!.State, Is.EqualTo(TaskState.Failed), "it is not tried again");
        Assert.That(await bench.LogAsync(sender, limit), Is.EqualTo(["1 500"]));
    }
}
