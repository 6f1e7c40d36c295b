using System.Diagnostics;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.EndToEnd;

/// <summary>Processes and servers die in the middle of much work: nothing accepted is lost, nothing recorded twice.</summary>
public sealed class CrashTests
{
    [Test]
    public async Task A_consumer_killed_in_the_middle_of_20_000_tasks_loses_none()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(
            consumers: 2, new() { Project = ConsumerProcessOptions.TestWorker, Concurrency = 400 });
        var (dying, holders) = (system.Consumers[0], 0);
        // Between two claims it may hold nothing at all: these end only when they are told to.
        await Eventually.TrueAsync(
            async _ =>
            {
                await system.SubmitAsync("test.hold", new { until = folder.File("until"), trail = folder.Trail });
                holders++;
                return folder.Lines("started").Any(TestFolder.By(dying));
            },
            TimeSpan.FromSeconds(30));
        // Slow enough that both have their hands full when one dies.
        await system.SubmitEchoesAsync(20_000, wait: "PT0.2S");
        await Eventually.GetAsync(_ => system.CountAsync("outcomes"), seen => seen > 2_000, TimeSpan.FromSeconds(60));
        Assert.That(await system.CountAsync("open_tasks"), Is.GreaterThan(2_000), "in the middle");

        await dying.KillAsync();
        var sinceKill = Stopwatch.StartNew();
        // The one that is left works on meanwhile; what it can't have done are the claims of the dead one.
        await Eventually.GetAsync(_ => system.CountAsync("attempts WHERE outcome = 'worker-lost'"), seen => seen > 0, TimeSpan.FromSeconds(60));
        var rescued = sinceKill.Elapsed;
        folder.Touch("until");
        await system.DrainedAsync(TimeSpan.FromMinutes(2));

        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(20_000 + holders));
        Assert.That(await system.ScalarAsync("SELECT count(DISTINCT task_id) FROM messaging.outcomes"), Is.EqualTo(20_000 + holders));
        Assert.That(await system.ScalarAsync("SELECT max(attempt) FROM messaging.outcomes"), Is.EqualTo(1), "a lost worker spends no attempt");
        await TestContext.Out.WriteLineAsync($"rescued {rescued.TotalSeconds:0.0} s after the kill");
    }

    [Test]
    [Category("MostlyWaits")]
    public async Task Tasks_accepted_while_RabbitMQ_is_away_run_when_it_is_back()
    {
        await using var rabbitMq = new RabbitMqServer();
        await rabbitMq.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 2, rabbitMq: rabbitMq.Uri);
        await system.SubmitEchoesAsync(100);
        await system.DrainedAsync(TimeSpan.FromSeconds(30));

        await rabbitMq.StopAsync();
        var away = Stopwatch.StartNew();
        await system.SubmitEchoesAsync(5_000);
        Assert.That(await system.CountAsync("open_tasks WHERE state = 2"), Is.InRange(4_950, 5_000), "what came alone may have gone ahead through Postgres");
        await Eventually.TrueAsync(() => away.Elapsed > TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(40));
        await rabbitMq.StartAsync();

        await system.DrainedAsync(TimeSpan.FromMinutes(2));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(5_100));
    }

    [Test]
    public async Task A_consumer_told_to_stop_finishes_what_it_can_and_hands_the_rest_back()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1, new() { Concurrency = 10 });
        await system.SubmitEchoesAsync(40, wait: "PT1S");
        await Eventually.GetAsync(_ => system.CountAsync("open_tasks WHERE state = 3"), seen => seen >= 10, TimeSpan.FromSeconds(20));

        Assert.That(await system.Consumers[0].StopAsync(), Is.True, system.Consumers[0].Process.LastLines());
        Assert.That(await system.CountAsync("open_tasks WHERE state = 3"), Is.Zero, "no claim is left behind");
        Assert.That(await system.CountAsync("outcomes"), Is.LessThan(40), "it did not wait for all of them");

        await system.AddConsumerAsync();
        await system.DrainedAsync(TimeSpan.FromSeconds(60));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4 AND attempt = 1"), Is.EqualTo(40));
    }
}
