using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Messaging.Infrastructure.Faults;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>One key makes one task, whichever producer process is asked, and whenever one of them dies.</summary>
public sealed class IdempotencyTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public async Task Two_hundred_duplicates_at_once_over_two_producers_make_one_task()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await using var second = await ProducerProcess.StartAsync(system.Connections);
        HttpClient[] producers = [system.Producer.Http, second.Http];

        var singles = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => PostAsync(producers[i % 2], "one-of-200")));
        var batch = string.Join('\n', Enumerable.Range(0, 200).Select(i => Body($"batch-{i % 4}")));
        var batches = await Task.WhenAll(producers.Select(producer => BatchAsync(producer, batch)));
        await system.DrainedAsync(Limit);

        Assert.That(singles.Select(s => s.Status), Has.All.AnyOf(HttpStatusCode.Accepted, HttpStatusCode.OK));
        Assert.That(singles.Select(s => s.Id).Distinct().Count(), Is.EqualTo(1));
        Assert.That(singles.Count(s => !s.Replayed), Is.EqualTo(1), "one is told that it was the first");
        var lines = batches.SelectMany(lines => lines).ToArray();
        Assert.That(lines, Has.Length.EqualTo(400));
        Assert.That(lines.Select(l => l["status"]!.GetValue<int>()), Has.All.EqualTo(202));
        Assert.That(lines.Select(l => l["id"]!.GetValue<string>()).Distinct().Count(), Is.EqualTo(4));
        Assert.That(lines.Count(l => l["replayed"] is null), Is.EqualTo(4));
        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(5));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(5));
    }

    [TestCase(FaultPoint.AfterKeys, false, TestName = "A producer that dies before its commit leaves the key free at once")]
    [TestCase(FaultPoint.AfterCommit, true, TestName = "A producer that dies after its commit leaves a task that the repetition finds")]
    public async Task A_producer_that_dies_leaves_no_key_undecided(string point, bool stored)
    {
        await using var system = await RunningSystem.StartAsync(
            consumers: 1, producerEnvironment: new Dictionary<string, string?> { ["MESSAGING_FAULT"] = point });
        await using var second = await ProducerProcess.StartAsync(system.Connections);

        Assert.That(async () => await PostAsync(system.Producer.Http, "dies"), Throws.InstanceOf<HttpRequestException>());
        await system.Producer.Process.Exit.WaitAsync(Limit);
        var (status, _, replayed) = await PostAsync(second.Http, "dies");
        await system.DrainedAsync(Limit);

        Assert.That(status, Is.AnyOf(HttpStatusCode.Accepted, HttpStatusCode.OK), "never 409: nothing is undecided");
        Assert.That(replayed, Is.EqualTo(stored));
        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(1));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4 AND attempt = 1"), Is.EqualTo(1));
    }

    [Test]
    public async Task Callers_that_repeat_until_they_have_an_answer_get_one_task_per_key_though_producers_are_killed()
    {
        const int callers = 40;
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        var producers = new[] { system.Producer, await ProducerProcess.StartAsync(system.Connections) };
        var started = new List<ProducerProcess> { producers[1] };
        using var enough = new CancellationTokenSource();
        var answered = 0;
        var repeated = 0;

        async Task<List<string>> CallAsync(int caller)
        {
            var ids = new List<string>();
            while (!enough.IsCancellationRequested)
            {
                ids.Add(await RepeatAsync(caller, $"{caller}-{ids.Count}"));
                Interlocked.Increment(ref answered);
            }

            return ids;
        }

        async Task<string> RepeatAsync(int caller, string key)
        {
            for (var attempt = caller; ; attempt++)
            {
                try
                {
                    var (status, id, _) = await PostAsync(Volatile.Read(ref producers[attempt % 2]).Http, key);
                    if (status is HttpStatusCode.Accepted or HttpStatusCode.OK)
                        return id;
                }
                catch (HttpRequestException)
                {
                    // Dead, or not yet there: whether the task was stored, the key will tell.
                }

                Interlocked.Increment(ref repeated);
            }
        }

        var calling = Task.WhenAll(Enumerable.Range(0, callers).Select(CallAsync));
        for (var kill = 1; kill <= 4; kill++)
        {
            var before = Volatile.Read(ref answered);
            await Eventually.TrueAsync(() => Volatile.Read(ref answered) > before + 200, Limit);
            await producers[kill % 2].KillAsync();
            started.Add(await ProducerProcess.StartAsync(system.Connections));
            Volatile.Write(ref producers[kill % 2], started[^1]);
        }

        await enough.CancelAsync();
        var ids = (await calling).SelectMany(i => i).ToArray();
        await system.DrainedAsync(Limit);
        await TestContext.Out.WriteLineAsync($"{ids.Length} keys, {repeated} requests were repeated");

        Assert.That(repeated, Is.Positive, "somebody was hit");
        Assert.That(ids, Is.Unique);
        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(ids.Length));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(ids.Length));
        foreach (var producer in started)
            await producer.DisposeAsync();
    }

    private static string Body(string key) => $$"""{"kind":"debug.echo","input":{"message":"hi"},"idempotencyKey":"{{key}}"}""";

    private static async Task<(HttpStatusCode Status, string Id, bool Replayed)> PostAsync(HttpClient producer, string key)
    {
        using var content = new StringContent(Body(key), Encoding.UTF8, "application/json");
        using var answer = await producer.PostAsync(new Uri("v1/tasks", UriKind.Relative), content);
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return (answer.StatusCode, body["id"]?.GetValue<string>() ?? body.ToJsonString(), answer.Headers.Contains("Idempotent-Replayed"));
    }

    private static async Task<JsonNode[]> BatchAsync(HttpClient producer, string lines)
    {
        using var content = new StringContent(lines, Encoding.UTF8, "application/x-ndjson");
        using var answer = await producer.PostAsync(new Uri("v1/tasks/batch", UriKind.Relative), content);
        var body = await answer.Content.ReadAsStringAsync();
        return [.. body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }
}
