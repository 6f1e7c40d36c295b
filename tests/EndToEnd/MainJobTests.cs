using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.EndToEnd;

/// <summary>The main job: submitted over HTTP, run in another process, the result in Postgres.</summary>
public sealed class MainJobTests
{
    private RunningSystem _system = null!;

    [SetUp]
    public async Task Start() => _system = await RunningSystem.StartAsync(consumers: 2);

    [TearDown]
    public async Task Stop() => await _system.DisposeAsync();

    [Test]
    public async Task Pages_of_a_web_server_are_fetched_and_come_back_as_the_result()
    {
        await using var web = await LocalWebServer.StartAsync(context => context.Response.WriteAsync("page " + context.Request.Path));
        var task = await _system.SubmitAsync("http.fetch", new { urls = new[] { web.Url("one"), web.Url("two"), "http://127.0.0.1:1/" } });

        var ended = await _system.EndedAsync(task);

        Assert.That(ended["state"]!.GetValue<string>(), Is.EqualTo("succeeded"), ended.ToJsonString());
        var pages = ended["result"]!["pages"]!.AsArray();
        Assert.That(pages.Select(p => (int?)p!["status"]), Is.EqualTo(new int?[] { 200, 200, null }));
        Assert.That(pages[0]!["bytes"]!.GetValue<long>(), Is.EqualTo("page /one".Length));
        Assert.That(pages[0]!["sha256"]!.GetValue<string>(), Has.Length.EqualTo(64));
        Assert.That(pages[2]!["error"]!.GetValue<string>(), Is.Not.Empty);
    }

    [Test]
    public async Task Attempts_that_fail_are_repeated_and_remembered()
    {
        var task = await _system.SubmitAsync("debug.echo", new { message = "third time lucky", failTimes = 2 });
        var ended = await _system.EndedAsync(task, TimeSpan.FromSeconds(60));

        Assert.That(ended["state"]!.GetValue<string>(), Is.EqualTo("succeeded"), ended.ToJsonString());
        Assert.That(ended["attempt"]!.GetValue<int>(), Is.EqualTo(3));
        var attempts = (await _system.GetAsync($"v1/tasks/{task["id"]}/attempts"))["items"]!.AsArray();
        Assert.That(attempts.Select(a => a!["outcome"]!.GetValue<string>()), Is.EqualTo(new[] { "failed", "failed", "succeeded" }));
    }

    [Test]
    public async Task A_task_that_never_succeeds_fails_with_its_history()
    {
        var task = await _system.SubmitAsync("debug.echo", new { message = "hopeless", failTimes = 100 }, new { maxAttempts = 2 });
        var ended = await _system.EndedAsync(task);

        Assert.That(ended["state"]!.GetValue<string>(), Is.EqualTo("failed"), ended.ToJsonString());
        Assert.That(ended["failure"]!["code"]!.GetValue<string>(), Is.EqualTo("handler-error"));
        Assert.That(ended["failure"]!["details"]!["stack"]!.GetValue<string>(), Does.Contain("DebugEcho"));
        Assert.That(await _system.CountAsync($"attempts WHERE task_id = '{task["id"]}'"), Is.EqualTo(2));
    }

    [Test]
    public async Task A_running_task_is_called_off_from_another_process()
    {
        var task = await _system.SubmitAsync("debug.echo", new { message = "long", wait = "PT5M", progressSteps = 600 });
        var running = await Eventually.GetAsync(
            _ => _system.GetAsync($"v1/tasks/{task["id"]}"), seen => (double?)seen["progress"]?["percent"] > 0, TimeSpan.FromSeconds(20));
        Assert.That(running["state"]!.GetValue<string>(), Is.EqualTo("running"));

        using var answer = await _system.Producer.Http.PostAsync(new Uri($"v1/tasks/{task["id"]}/cancel", UriKind.Relative), null);
        Assert.That((int)answer.StatusCode, Is.EqualTo(202));
        var ended = await _system.EndedAsync(task, TimeSpan.FromSeconds(10));
        Assert.That(ended["state"]!.GetValue<string>(), Is.EqualTo("cancelled"));
    }

    [Test]
    public async Task A_delayed_task_waits_for_its_time()
    {
        var task = await _system.SubmitAsync("debug.echo", new { message = "later" }, new { delay = "PT2S" });
        Assert.That(task["state"]!.GetValue<string>(), Is.EqualTo("scheduled"));
        var ended = await _system.EndedAsync(task);

        var waited = ended["startedAt"]!.GetValue<DateTimeOffset>() - ended["createdAt"]!.GetValue<DateTimeOffset>();
        Assert.That(waited, Is.InRange(TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(10)));
    }

    [Test]
    public async Task A_hundred_thousand_tasks_all_succeed_with_one_claim_each()
    {
        await _system.SubmitEchoesAsync(100_000);
        await _system.DrainedAsync(TimeSpan.FromMinutes(3));

        Assert.That(await _system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(100_000));
        Assert.That(await _system.ScalarAsync("SELECT sum(attempt) FROM messaging.outcomes"), Is.EqualTo(100_000), "claims");
        Assert.That(await _system.CountAsync("attempts"), Is.Zero);
        JsonNode workers = await _system.GetAsync("v1/workers");
        Assert.That(workers["items"]!.AsArray(), Has.Count.EqualTo(2));
    }
}
