using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Messaging.Contracts.Callbacks;
using Messaging.Infrastructure.Faults;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Npgsql;

namespace Messaging.Tests.EndToEnd;

/// <summary>Callbacks by real processes: whatever dies, whoever is slow, each end is told.</summary>
public sealed class CallbackTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly ConsumerProcessOptions Worker = new() { Queues = ["default", "callbacks"] };

    [Test]
    public async Task A_success_a_cancellation_and_a_deadline_are_told_signed_and_logged()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker);
        var callback = new { url = receiver.Url };
        var echo = await system.SubmitAsync("debug.echo", new { message = "hello" }, new { callback });
        var later = await system.SubmitAsync("debug.echo", new { message = "later" }, new { callback, delay = "PT1H" });
        var never = await system.SubmitAsync("debug.echo", new { message = "never" }, new { callback, queue = "nobody", deadline = Soon() });
        using (await system.Producer.Http.PostAsync(new Uri($"v1/tasks/{later["id"]}/cancel", UriKind.Relative), null))
        {
            // Called off before it starts.
        }

        await receiver.AwaitAsync(3);

        var secret = Secret(await system.GetAsync("v1/callback-secret"));
        Assert.That(receiver.Messages.Values, Has.All.Matches<ReceivedCallback>(m => m.IsSignedWith(secret)));
        Assert.That(
            receiver.Messages.Values.Select(m => (m.Json["type"]!.GetValue<string>(), m.Json["data"]!["id"]!.GetValue<string>())),
            Is.EquivalentTo(new[]
            {
                ("task.succeeded", echo["id"]!.GetValue<string>()), ("task.cancelled", later["id"]!.GetValue<string>()), ("task.expired", never["id"]!.GetValue<string>()),
            }));
        var log = await Eventually.GetAsync(_ => system.GetAsync($"v1/tasks/{echo["id"]}/callbacks"), seen => seen["items"]![0]!["state"]!.GetValue<string>() == "succeeded");
        Assert.That(log["items"]![0]!["attempts"]![0]!["status"]!.GetValue<int>(), Is.EqualTo(200));
        await system.DrainedAsync(Limit);
        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(6), "each callback is a task, and of a callback nobody is told");
    }

    [Test]
    public async Task A_consumer_killed_between_the_result_and_the_callback_leaves_it_to_another()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 0);
        var faulty = await system.AddConsumerAsync(Worker, DiesAt(FaultPoint.AfterFinish));
        await system.SubmitAsync("debug.echo", new { message = "hello" }, new { callback = new { url = receiver.Url } });
        await faulty.Process.Exit.WaitAsync(Limit);
        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(1), "the result is there");
        var delivery = (Guid)(await system.ScalarAsync("SELECT id FROM messaging.callback_deliveries"))!;
        Assert.That(receiver.Messages, Is.Empty);

        await system.AddConsumerAsync(Worker);
        await receiver.AwaitAsync(1);

        Assert.That(receiver.Messages.Keys.Single(), Is.EqualTo($"msg_{delivery:N}"));
        await system.DrainedAsync(Limit);
    }

    [Test]
    public async Task A_consumer_killed_after_it_has_sent_sends_again_under_the_same_id()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 0);
        var faulty = await system.AddConsumerAsync(Worker, DiesAt($"{FaultPoint.AfterHandler}:2")); // the second to return is the callback's
        await system.SubmitAsync("debug.echo", new { message = "hello" }, new { callback = new { url = receiver.Url } });
        await faulty.Process.Exit.WaitAsync(Limit);
        Assert.That(receiver.Requests, Is.EqualTo(1));

        await system.AddConsumerAsync(Worker);
        await Eventually.TrueAsync(() => receiver.Requests == 2, Limit);

        await system.DrainedAsync(Limit);
        Assert.That(receiver.Messages, Has.Count.EqualTo(1), "one id: the receiver can tell");
        Assert.That(await system.CountAsync("outcomes WHERE state = 4 AND attempt = 1"), Is.EqualTo(2), "no attempt was spent");
    }

    [Test]
    [Category("Alone")]
    [NonParallelizable]
    public async Task Receivers_that_hang_keep_neither_other_receivers_nor_other_tasks_waiting()
    {
        await using var slow = await CallbackReceiver.StartAsync(context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        await using var slower = await CallbackReceiver.StartAsync(context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        await using var fast = await CallbackReceiver.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker with { Concurrency = 20 });
        await SubmitToldAsync(system, 300, slow.Url);
        await SubmitToldAsync(system, 300, slower.Url);
        await Eventually.TrueAsync(() => slow.Requests > 0 && slower.Requests > 0, Limit);

        var since = Stopwatch.StartNew();
        await SubmitToldAsync(system, 300, fast.Url);
        await fast.AwaitAsync(300);
        var told = since.Elapsed;
        since.Restart();
        await system.EndedAsync(await system.SubmitAsync("debug.echo", new { message = "hello" }));

        await TestContext.Out.WriteLineAsync($"300 callbacks beside 600 that hang: {told.TotalSeconds:0.0} s; a task: {since.Elapsed.TotalSeconds:0.00} s");
        // One that hangs is given up after 15 s; who waited for even one of them would be later.
        Assert.That(told, Is.LessThan(TimeSpan.FromSeconds(12)));
        Assert.That(since.Elapsed, Is.LessThan(TimeSpan.FromSeconds(3)));
    }

    [Test]
    public async Task Of_5_000_ends_each_is_told()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 2, Worker);
        var since = Stopwatch.StartNew();
        await SubmitToldAsync(system, 5_000, receiver.Url);
        await receiver.AwaitAsync(5_000, TimeSpan.FromMinutes(2));
        await TestContext.Out.WriteLineAsync($"5,000 tasks and their callbacks: {since.Elapsed.TotalSeconds:0.0} s, {receiver.Requests} requests");

        await system.DrainedAsync(TimeSpan.FromMinutes(2));
        Assert.That(await system.CountAsync("callback_deliveries"), Is.EqualTo(5_000));
        Assert.That(receiver.Requests, Is.EqualTo(5_000), "nothing died, so nothing came twice");
    }

    [Test]
    public async Task A_test_and_a_resend_go_all_the_way()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker);
        using var made = await system.Producer.Http.PostAsync(
            new Uri("v1/callback-endpoints", UriKind.Relative), new StringContent($$"""{"name":"orders","url":"{{receiver.Url}}"}""", null, "application/json"));
        var endpoint = JsonNode.Parse(await made.Content.ReadAsStringAsync())!;
        Assert.That(CallbackSecret.TryParse(endpoint["secret"]!.GetValue<string>(), out var secret), Is.True);

        var tested = await PostAsync(system, "v1/callback-endpoints/orders/test");
        Assert.That((tested["state"]!.GetValue<string>(), tested["attempts"]![0]!["status"]!.GetValue<int>()), Is.EqualTo(("succeeded", 200)), tested.ToJsonString());

        var task = await system.SubmitAsync("debug.echo", new { message = "hello" }, new { callback = new { endpoint = "orders" } });
        await receiver.AwaitAsync(2);
        var delivery = (await system.GetAsync($"v1/tasks/{task["id"]}/callbacks"))["items"]![0]!;
        await Eventually.GetAsync(_ => system.GetAsync($"v1/tasks/{delivery["id"]}"), seen => seen["state"]!.GetValue<string>() == "succeeded");
        var again = await PostAsync(system, $"v1/tasks/{task["id"]}/callbacks/{delivery["id"]}/resend");
        Assert.That(again["state"]!.GetValue<string>(), Is.EqualTo("succeeded"), again.ToJsonString());
        Assert.That(receiver.Requests, Is.EqualTo(3));
        Assert.That(receiver.Messages, Has.Count.EqualTo(2));
        Assert.That(receiver.Messages.Values, Has.All.Matches<ReceivedCallback>(m => m.IsSignedWith(secret!)));
    }

    [Test]
    public async Task A_task_of_somebodys_own_transaction_is_told_signed_and_one_rolled_back_is_not()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker);
        await Eventually.GetAsync(
            _ => system.ScalarAsync("SELECT value FROM messaging.settings WHERE name = 'callbacks.allow-loopback'"), set => set is "true"); // the producer has said so
        var secret = CallbackSecret.Create();
        await using var connection = await system.ConnectAsync();
        async Task<Guid> SubmitAsync(string message)
        {
            await using var command = new NpgsqlCommand("SELECT messaging.submit('debug.echo', jsonb_build_object('message', $1), jsonb_build_object('callback', jsonb_build_object('url', $2, 'secret', $3)))", connection);
            foreach (var value in new[] { message, receiver.Url, CallbackSecret.ToText(secret) })
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            return (Guid)(await command.ExecuteScalarAsync())!;
        }

        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await SubmitAsync("rolled back");
            await transaction.RollbackAsync();
        }

        Guid id;
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            id = await SubmitAsync("committed");
            await transaction.CommitAsync();
        }

        await receiver.AwaitAsync(1);
        await system.DrainedAsync(Limit);

        var message = receiver.Messages.Values.Single();
        Assert.That(message.IsSignedWith(secret), Is.True);
        Assert.That((message.Json["type"]!.GetValue<string>(), message.Json["data"]!["id"]!.GetValue<Guid>()), Is.EqualTo(("task.succeeded", id)));
        Assert.That(message.Json["data"]!["result"]!["message"]!.GetValue<string>(), Is.EqualTo("committed"));
        Assert.That(receiver.Requests, Is.EqualTo(1));
    }

    private static Task<IReadOnlyList<string>> SubmitToldAsync(RunningSystem system, int count, string url) => system.SubmitManyAsync(
        "debug.echo", Enumerable.Range(0, count).Select(i => new { message = i.ToString(CultureInfo.InvariantCulture) }), $",\"callback\":{{\"url\":\"{url}\"}}");

    private static async Task<JsonNode> PostAsync(RunningSystem system, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Headers = { { "Prefer", "wait=30" } } };
        using var answer = await system.Producer.Http.SendAsync(request);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    private static Dictionary<string, string?> DiesAt(string point) => new() { ["MESSAGING_FAULT"] = point };

    private static byte[] Secret(JsonNode shown) =>
        CallbackSecret.TryParse(shown["secrets"]![0]!["secret"]!.GetValue<string>(), out var secret) ? secret : throw new InvalidOperationException(shown.ToJsonString());

    private static string Soon() => TimeProvider.System.GetUtcNow().AddSeconds(2).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
