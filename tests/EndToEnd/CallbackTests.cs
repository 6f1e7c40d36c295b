using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Messaging.Contracts.Callbacks;
using Messaging.Infrastructure.Faults;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.EndToEnd;

/// <summary>Callbacks by real processes: whatever dies, whoever is slow, each end is told.</summary>
public sealed class CallbackTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly ConsumerProcessOptions Worker = new() { Queues = ["default", "callbacks"] };

    [Test]
    public async Task A_success_a_cancellation_and_a_deadline_are_told_signed_and_logged()
    {
        await using var receiver = await Receiver.StartAsync();
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
        Assert.That(receiver.Messages.Values, Has.All.Matches<Message>(m => m.IsSignedWith(secret)));
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
        await using var receiver = await Receiver.StartAsync();
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
        await using var receiver = await Receiver.StartAsync();
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
        await using var slow = await Receiver.StartAsync(context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        await using var slower = await Receiver.StartAsync(context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        await using var fast = await Receiver.StartAsync();
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
        await using var receiver = await Receiver.StartAsync();
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
        await using var receiver = await Receiver.StartAsync();
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
        Assert.That(receiver.Messages.Values, Has.All.Matches<Message>(m => m.IsSignedWith(secret!)));
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

    /// <summary>What came under one id; the last time it came.</summary>
    private sealed record Message(string Id, string Timestamp, string Signatures, byte[] Body)
    {
        public JsonNode Json => JsonNode.Parse(Body)!;

        public bool IsSignedWith(byte[] secret) => CallbackSignature.Verify(Id, Timestamp, Signatures, Body, secret, TimeProvider.System.GetUtcNow());
    }

    /// <summary>A receiver on this machine.</summary>
    private sealed class Receiver : IAsyncDisposable
    {
        private LocalWebServer _web = null!;

        public ConcurrentDictionary<string, Message> Messages { get; } = new();

        public int Requests => _web.Requests;

        public string Url => _web.Url("hook");

        public static async Task<Receiver> StartAsync(RequestDelegate? answer = null)
        {
            var receiver = new Receiver();
            receiver._web = await LocalWebServer.StartAsync(async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                var headers = context.Request.Headers;
                var id = headers["webhook-id"].ToString();
                if (answer is not null)
                    await answer(context);
                receiver.Messages[id] = new Message(id, headers["webhook-timestamp"].ToString(), headers["webhook-signature"].ToString(), body.ToArray());
            });
            return receiver;
        }

        public Task<int> AwaitAsync(int messages, TimeSpan? limit = null) => Eventually.GetAsync(_ => Task.FromResult(Messages.Count), seen => seen >= messages, limit ?? Limit);

        public ValueTask DisposeAsync() => _web.DisposeAsync();
    }
}
