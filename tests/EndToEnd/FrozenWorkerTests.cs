using System.Diagnostics;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>A worker that is frozen, as a machine that pauses would freeze it: for long it is declared dead, for a moment it is not.</summary>
[Category("MostlyWaits")]
public sealed class FrozenWorkerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly ConsumerProcessOptions Worker = new() { Project = ConsumerProcessOptions.TestWorker };

    [Test]
    public async Task Frozen_for_a_minute_its_tasks_run_elsewhere_and_what_it_says_afterwards_is_refused()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker with { Name = "frozen" });
        var frozen = system.Consumers[0];
        // One whose handler comes back with a result after the thaw, one whose handler still runs then.
        var late = await system.SubmitAsync("test.hold", new { until = folder.File("late"), trail = folder.Trail, heedToken = false });
        var held = await system.SubmitAsync("test.hold", new { until = folder.File("until"), trail = folder.Trail });
        await Eventually.TrueAsync(() => folder.Lines("started").Length == 2, Limit);
        var other = await system.AddConsumerAsync(Worker with { Name = "other" });
        var identity = await IdentityAsync(system, frozen);

        Assert.That(frozen.Process.Signal(UnixSignal.Stop));
        var since = Stopwatch.StartNew();
        await Eventually.GetAsync(_ => system.CountAsync("attempts WHERE outcome = 'worker-lost'"), seen => seen == 2, Limit);
        var rescued = since.Elapsed;
        await Eventually.TrueAsync(() => folder.Lines("started").Count(TestFolder.By(other)) == 2, Limit);
        folder.Touch("late");
        var ended = await system.EndedAsync(late, Limit);
        await Eventually.TrueAsync(() => since.Elapsed > TimeSpan.FromSeconds(60), Limit);
        Assert.That(frozen.Process.Signal(UnixSignal.Continue));

        await frozen.Process.WaitForLineAsync(line => line.Contains("This process was declared dead", StringComparison.Ordinal), Limit);
        await frozen.Process.WaitForLineAsync(line => line.Contains($"{late["id"]} belongs to another worker by now", StringComparison.Ordinal), Limit);
        await Eventually.TrueAsync(() => folder.Lines($"stopped {held["id"]} ClaimLost").Any(TestFolder.By(frozen)), Limit);
        Assert.That(folder.Lines($"returned {late["id"]}"), Has.Length.EqualTo(2), "both came back with a result");

        // The frozen one goes on under a new identity, and the other one still holds what it took over.
        Assert.That(await IdentityAsync(system, frozen), Is.Not.EqualTo(identity));
        await Eventually.GetAsync(
            async _ =>
            {
                await system.SubmitAsync("test.hold", new { @for = "PT0S", trail = folder.Trail });
                return folder.Lines("started").Count(TestFolder.By(frozen));
            },
            seen => seen > 2,
            Limit);
        folder.Touch("until");
        await system.DrainedAsync(Limit);

        Assert.That(ended["state"]!.GetValue<string>(), Is.EqualTo("succeeded"));
        Assert.That(
            await system.CountAsync($"outcomes WHERE task_id IN ('{late["id"]}', '{held["id"]}') AND worker = '{await IdentityAsync(system, other)}' AND attempt = 1 AND state = 4"),
            Is.EqualTo(2));
        Assert.That(await system.CountAsync("attempts"), Is.EqualTo(2), "the two that were lost, nothing else");
        await TestContext.Out.WriteLineAsync($"rescued {rescued.TotalSeconds:0.0} s after the freeze");
        Assert.That(rescued, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(15)));
    }

    [Test]
    public async Task Frozen_for_five_seconds_nothing_happens()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 2, Worker);
        var task = await system.SubmitAsync("test.hold", new { until = folder.File("until"), trail = folder.Trail });
        await Eventually.TrueAsync(() => folder.Lines("started").Length == 1, Limit);
        var frozen = system.Consumers.Single(c => TestFolder.By(c)(folder.Lines("started")[0]));
        var identity = await IdentityAsync(system, frozen);

        Assert.That(frozen.Process.Signal(UnixSignal.Stop));
        var since = Stopwatch.StartNew();
        await Eventually.TrueAsync(() => since.Elapsed > TimeSpan.FromSeconds(5), Limit);
        var beat = await BeatAsync(system, frozen);
        Assert.That(frozen.Process.Signal(UnixSignal.Continue));
        // Past the time when it would be declared dead, if the freeze had counted.
        await Eventually.GetAsync(_ => BeatAsync(system, frozen), seen => seen > beat + 10, Limit);

        Assert.That(await IdentityAsync(system, frozen), Is.EqualTo(identity));
        Assert.That(folder.Lines("stopped"), Is.Empty);
        folder.Touch("until");
        var ended = await system.EndedAsync(task);
        Assert.That((ended["state"]!.GetValue<string>(), ended["attempt"]!.GetValue<int>()), Is.EqualTo(("succeeded", 1)));
        Assert.That(folder.Lines("started"), Has.Length.EqualTo(1));
        Assert.That(await system.CountAsync("attempts"), Is.Zero);
    }

    private static Task<object?> IdentityAsync(RunningSystem system, ConsumerProcess worker) =>
        system.ScalarAsync($"SELECT id FROM messaging.workers WHERE pid = {worker.Process.Id}");

    private static async Task<long> BeatAsync(RunningSystem system, ConsumerProcess worker) =>
        (long)(await system.ScalarAsync($"SELECT beat FROM messaging.workers WHERE pid = {worker.Process.Id}"))!;
}
