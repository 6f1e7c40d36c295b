using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Messaging.Tests.Support;
using Npgsql;

namespace Messaging.Tests.EndToEnd.Trouble;

/// <summary>More work than can be done, by neighbours that behave badly: all of it is done in the end, and everybody can stop in the middle.</summary>
public sealed class PressureTests
{
    private static readonly Dictionary<string, string?> Patience = new() { ["Messaging__MaxWait"] = "00:00:05" };

    [Test]
    [Category("Alone")]
    [NonParallelizable]
    public async Task Overload_bursts_heavy_readers_an_idle_transaction_and_a_consumer_killed_again_and_again()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 2, new() { Concurrency = 10 }, producerEnvironment: Patience);
        await system.SubmitEchoesAsync(50);
        await using var stranger = await system.ConnectAsync();
        await using var idle = await stranger.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var snapshot = new NpgsqlCommand("SELECT count(*) FROM messaging.open_tasks", stranger, idle))
            await snapshot.ExecuteNonQueryAsync();
        await using (var locks = new NpgsqlCommand("SELECT name FROM messaging.kinds WHERE name = 'http.fetch' FOR UPDATE", stranger, idle))
            await locks.ExecuteNonQueryAsync();

        // 20 slots and 0.2 s a task: at most 100 tasks a second are done, while clients and bursts bring in more.
        await using var load = Load.Start(system, clients: 8, wait: "PT0.2S");
        using var enough = new CancellationTokenSource();
        var wrong = new ConcurrentQueue<string>();
        var readers = Enumerable.Range(0, 4).Select(_ => ReadAsync(system, wrong, enough.Token)).ToArray();
        for (var i = 0; i < 3; i++)
        {
            await system.SubmitEchoesAsync(500, wait: "PT0.1S");
            await load.GoesOnAsync(more: 50);
            await system.Consumers[^1].KillAsync();
            await system.AddConsumerAsync(new() { Name = $"heir-{i}", Concurrency = 10 });
        }

        var depth = await system.CountAsync("open_tasks");
        Assert.That(depth, Is.GreaterThan(200), "it was more than they could do");
        await enough.CancelAsync();
        await Task.WhenAll(readers);
        Assert.That(wrong.Take(3), Is.Empty);
        await system.AddConsumerAsync(new() { Name = "help" });
        var watch = Stopwatch.StartNew();
        await load.CheckAsync(TimeSpan.FromSeconds(120));
        await TestContext.Out.WriteLineAsync($"{depth} open at the end of it, drained {watch.Elapsed.TotalSeconds:0} s later; the idle transaction still open");
        Assert.That(await system.CountAsync("outcomes WHERE attempt <> 1"), Is.Zero, "a killed worker spends no attempt");
        await idle.RollbackAsync();
    }

    [Test]
    public async Task Told_to_stop_under_load_all_stop_cleanly_and_leave_nothing_behind()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 2, new() { Concurrency = 20 });
        await system.SubmitEchoesAsync(3_000, wait: "PT0.2S");
        await Eventually.GetAsync(_ => system.CountAsync("outcomes"), ended => ended > 50, TimeSpan.FromSeconds(30));

        var stopping = Stopwatch.StartNew();
        var stopped = await Task.WhenAll(system.Consumers.Select(c => c.StopAsync()).Append(system.Producer.StopAsync()));
        await TestContext.Out.WriteLineAsync($"all stopped within {stopping.Elapsed.TotalSeconds:0.0} s");

        Assert.That(stopped, Is.All.True, "nobody had to be killed");
        foreach (var process in system.Consumers.Select(c => c.Process).Append(system.Producer.Process))
            Assert.That(await process.Exit, Is.Zero, process.LastLines());
        Assert.Multiple(async () =>
        {
            Assert.That(await system.CountAsync("open_tasks WHERE state = 3"), Is.Zero, "no claim");
            Assert.That(await system.CountAsync("workers"), Is.Zero, "no instance");
            Assert.That(await system.CountAsync("outbox WHERE owner IS NOT NULL"), Is.Zero, "no outbox row that nobody may take");
            Assert.That(await system.CountAsync("open_tasks"), Is.GreaterThan(500), "it was in the middle");
        });
        await system.AddConsumerAsync(new() { Name = "next" });
        await system.DrainedAsync(TimeSpan.FromSeconds(60));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4 AND attempt = 1"), Is.EqualTo(3_000));
    }

    private static async Task ReadAsync(RunningSystem system, ConcurrentQueue<string> wrong, CancellationToken enough)
    {
        string[] paths = ["v1/tasks?limit=1000", "v1/tasks?state=succeeded&limit=1000", "v1/workers", "v1/dead-letters"];
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            using var answer = await system.Producer.Http.GetAsync(new Uri(paths[i % paths.Length], UriKind.Relative), CancellationToken.None);
            if (answer.StatusCode != HttpStatusCode.OK)
                wrong.Enqueue($"{paths[i % paths.Length]}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
        }
    }
}
