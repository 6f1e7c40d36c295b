using System.Diagnostics;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>A task that kills every worker that runs it is found out, and takes no neighbour down with it.</summary>
[Category("MostlyWaits")]
public sealed class PoisonTests
{
    private static readonly ConsumerProcessOptions Worker = new() { Name = "worker", Project = ConsumerProcessOptions.TestWorker };

    [Test]
    public async Task One_poison_among_100_neighbours_of_the_same_packs_becomes_a_dead_letter_and_all_neighbours_succeed_at_once()
    {
        // Tasks of a second count as short here, so that they share packs and the poison goes off while its neighbours run.
        var packed = new Dictionary<string, string?> { ["Messaging__Relay__ShortRun"] = "00:00:10", ["Messaging__Relay__PackWork"] = "00:01:00" };
        await using var system = await RunningSystem.StartAsync(consumers: 0, producerEnvironment: packed);
        await using var supervisor = new Supervisor(system, 2, Worker, packed);
        await Eventually.GetAsync(_ => system.CountAsync("kinds WHERE name = 'test.poison'"), seen => seen == 1, TimeSpan.FromSeconds(60));
        await system.SubmitManyAsync("test.poison", [new { after = "PT0.1S" }]);
        await system.DrainedAsync(TimeSpan.FromSeconds(30));
        // From the moment that the producer shows the mean run time, its relay packs by it: both read the same memory.
        await Eventually.GetAsync(_ => system.GetAsync("v1/kinds/test.poison"), kind => kind["meanRun"] is not null, TimeSpan.FromSeconds(20));

        var since = Stopwatch.StartNew();
        var ids = await system.SubmitManyAsync(
            "test.poison", Enumerable.Range(0, 101).Select(i => i == 50 ? (object)new { harm = "failFast", after = "PT0.3S" } : new { after = "PT1S" }));
        var poison = ids[50];
        await system.DrainedAsync(TimeSpan.FromMinutes(3));
        await TestContext.Out.WriteLineAsync($"over after {since.Elapsed.TotalSeconds:0} s and {supervisor.Deaths} deaths");

        var ended = await system.GetAsync($"v1/tasks/{poison}");
        Assert.That(ended["state"]!.GetValue<string>(), Is.EqualTo("failed"), ended.ToJsonString());
        Assert.That(ended["failure"]!["code"]!.GetValue<string>(), Is.EqualTo("worker-lost"));
        Assert.That(ended["failure"]!["message"]!.GetValue<string>(), Does.Match("Its worker died [4-7] times while it ran, the last 3 times with no other suspect"));
        Assert.That(await system.CountAsync($"outcomes WHERE task_id <> '{poison}' AND state = 4 AND attempt = 1"), Is.EqualTo(101));
        Assert.That(await system.CountAsync($"attempts WHERE task_id <> '{poison}' AND outcome <> 'worker-lost'"), Is.Zero);
        Assert.That(
            await system.CountAsync($"attempts WHERE task_id <> '{poison}' AND outcome = 'worker-lost'"), Is.GreaterThan(20), "it did go off among neighbours");
        Assert.That(await system.CountAsync($"attempts WHERE task_id = '{poison}'"), Is.InRange(4, 7));
        Assert.That(await system.CountAsync("open_tasks"), Is.Zero);
    }

    [Test]
    public async Task Long_tasks_of_a_killed_worker_do_not_wait_for_each_other()
    {
        using var folder = new TestFolder();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker);
        await system.SubmitManyAsync("test.hold", Enumerable.Repeat(new { until = folder.File("until"), trail = folder.Trail }, 60));
        await Eventually.TrueAsync(() => folder.Lines("started").Length == 60, TimeSpan.FromSeconds(30));

        await system.Consumers[0].KillAsync();
        await system.AddConsumerAsync(Worker);
        await Eventually.GetAsync(_ => system.CountAsync("attempts WHERE outcome = 'worker-lost'"), seen => seen == 60, TimeSpan.FromSeconds(30));
        var since = Stopwatch.StartNew();
        await Eventually.TrueAsync(() => folder.Lines("started").Length == 120, TimeSpan.FromSeconds(60));
        await TestContext.Out.WriteLineAsync($"all 60 run again {since.Elapsed.TotalSeconds:0.0} s after the rescue");
        // One by one for two seconds each, the last would start after two minutes.
        Assert.That(since.Elapsed, Is.LessThan(TimeSpan.FromSeconds(45)));
        await Eventually.GetAsync(_ => system.CountAsync("open_tasks WHERE suspect"), seen => seen == 0, TimeSpan.FromSeconds(30));

        folder.Touch("until");
        await system.DrainedAsync(TimeSpan.FromSeconds(30));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4 AND attempt = 1"), Is.EqualTo(60));
        Assert.That(folder.Lines("started"), Has.Length.EqualTo(120), "each ran twice");
    }
}
