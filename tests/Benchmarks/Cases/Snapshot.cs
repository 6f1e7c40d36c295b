using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>
/// The end-to-end run while somebody holds an old snapshot of the ledger, beside the same without: nothing that ended since can be
/// removed from the narrow tables, and days can't be dropped.
/// </summary>
internal sealed class Snapshot : IBenchCase
{
    private const int Slots = 300;

    /// <inheritdoc/>
    public string Name => "snapshot";

    /// <inheritdoc/>
    public string Description => "the end-to-end run while a snapshot is held open, and while a day is to be dropped besides";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var (tasks, repeats) = (settings.TasksOrDefault, settings.RepeatsOrDefault);
        // Days to drop, one a round, of which nothing is held.
        var shape = new StoredShape(Tasks: (repeats + 1L) * (settings.Quick ? 500 : 20_000), Days: repeats + 1, TodayShare: 0);
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        Console.WriteLine($"{Name}: {tasks:N0} tasks a run");
        // A snapshot holds back its own database only, so both can take turns.
        var (freeLedger, freeOldest) = await MakeAsync("free_ledger");
        var (heldLedger, heldOldest) = await MakeAsync("held_ledger");
        await using var free = await LedgerSystem.StartAsync(servers, freeLedger, "free", Slots, cancellationToken);
        await using var held = await LedgerSystem.StartAsync(servers, heldLedger, "held", Slots, cancellationToken);
        await using var freeDays = new OldDays(freeLedger, freeOldest);
        await using var heldDays = new OldDays(heldLedger, heldOldest);
        await using var snapshot = new HeldSnapshot(heldLedger);
        LedgerRun[] contestants =
        [
            new("no snapshot", free),
            new("snapshot held", held) { Before = snapshot.TakeAsync },
            new("no snapshot, a day dropped", free) { Meanwhile = freeDays.DropNextAsync },
            new("snapshot held, a day to be dropped", held) { Before = snapshot.TakeAsync, Meanwhile = heldDays.DropNextAsync },
        ];
        var results = await Rounds.RunAsync(contestants, tasks, repeats, cancellationToken);
        var (freeTables, heldTables) = (await free.Ledger.HealthAsync(cancellationToken), await held.Ledger.HealthAsync(cancellationToken));

        // Once it is let go, the day that could not be dropped can.
        await snapshot.DisposeAsync();
        await heldDays.DropNextAsync(cancellationToken);
        if (heldDays.Drops.SkipLast(1).Any(drop => drop.Dropped) || !heldDays.Drops[^1].Dropped || freeDays.Drops.Any(drop => !drop.Dropped))
            throw new BenchFailedException("A day was dropped under a held snapshot, or was not dropped without one.");

        var conditions = new Dictionary<string, string>
        {
            ["tasks"] = tasks.ToString("N0", CultureInfo.InvariantCulture),
            ["payload"] = $"{Payload.Bytes} B",
            ["repeats"] = $"{repeats}, interleaved; the snapshot is held over all of them",
            ["slots"] = Slots.ToString("N0", CultureInfo.InvariantCulture),
        };
        return new SnapshotResult(
            Name,
            conditions,
            await servers.FactsAsync(cancellationToken),
            results,
            contestants.ToDictionary(contestant => contestant.Name, contestant => contestant.LongestWaits),
            Spread.Of(freeDays.Drops.Select(drop => drop.Took.TotalMilliseconds)),
            Spread.Of(heldDays.Drops.SkipLast(1).Select(drop => drop.Took.TotalMilliseconds)),
            freeTables,
            heldTables);

        async Task<(string Postgres, DateTimeOffset Oldest)> MakeAsync(string name)
        {
            var postgres = await servers.CreateDatabaseAsync(name, cancellationToken);
            return (postgres, await StoredTasks.FillAsync(postgres, shape, Environment.ProcessorCount, cancellationToken));
        }
    }
}
