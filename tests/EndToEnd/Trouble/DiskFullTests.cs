using System.Diagnostics;
using Messaging.Tests.Support;

namespace Messaging.Tests.EndToEnd.Trouble;

/// <summary>The disk under Postgres is full, really where a file system can be mounted.</summary>
public sealed class DiskFullTests
{
    [Test]
    public async Task Submits_are_refused_nothing_accepted_is_lost_and_all_goes_on_when_there_is_room()
    {
        await using var disk = await SmallDisk.StartAsync();
        await TestLedger.MigrateAsync(disk.Postgres.ConnectionString);
        await using var system = await RunningSystem.StartAsync(
            consumers: 1,
            new() { Concurrency = 50 },
            producerEnvironment: new Dictionary<string, string?> { ["Messaging__MaxWait"] = "00:00:02" },
            postgres: disk.Postgres.ConnectionString);
        // Heavy enough that what Postgres has in reserve is soon used up.
        await using var load = Load.Start(system, wait: "PT0.5S", weight: 200_000);
        await load.GoesOnAsync();

        await disk.FillAsync();
        var full = Stopwatch.StartNew();
        await Eventually.GetAsync(() => load.Refused, refused => refused >= 20, TimeSpan.FromSeconds(90));
        await TestContext.Out.WriteLineAsync($"{(disk.IsReal ? "a real disk" : "a disk played by a trigger")}: refused 20 times {full.Elapsed.TotalSeconds:0} s after it was full");
        await disk.FreeAsync();

        await load.GoesOnAsync();
        await load.CheckAsync(TimeSpan.FromSeconds(90));
        Assert.That(await system.CountAsync("attempts"), Is.Zero, "no attempt was spent, no worker declared dead");
    }
}
