using System.Collections.Concurrent;
using Messaging.Tests.Support.Processes;
using Npgsql;

namespace Messaging.Tests.Chaos;

/// <summary>What happened, for the report: faults by kind, purged messages, and when which worker died.</summary>
public sealed class ChaosJournal
{
    private readonly ConcurrentDictionary<string, int> _faults = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<(DateTimeOffset From, DateTimeOffset To)> _ledgerAway = [];
    private readonly ConcurrentBag<(Guid Worker, DateTimeOffset At)> _deaths = [];
    private long _purged;

    /// <summary>Faults by name.</summary>
    public IReadOnlyDictionary<string, int> Faults => _faults;

    /// <summary>Messages purged by hand.</summary>
    public long Purged => Interlocked.Read(ref _purged);

    /// <summary>When workers died or were frozen for good, by Postgres's clock.</summary>
    public IReadOnlyCollection<(Guid Worker, DateTimeOffset At)> Deaths => _deaths;

    /// <summary>A fault was injected.</summary>
    public void NoteFault(string name) => _faults.AddOrUpdate(name, 1, static (_, count) => count + 1);

    /// <summary>Messages were purged.</summary>
    public void NotePurge(uint messages) => Interlocked.Add(ref _purged, messages);

    /// <summary>Postgres did not answer everybody in this time, by this machine's clock, which is also Postgres's here.</summary>
    public void NoteLedgerAway(DateTimeOffset from, DateTimeOffset to) => _ledgerAway.Add((from, to));

    /// <summary>True if Postgres answered from <paramref name="from"/> to <paramref name="to"/>.</summary>
    public bool LedgerWasThere(DateTimeOffset from, DateTimeOffset to) => !_ledgerAway.Any(away => away.From < to && away.To > from);

    /// <summary>A worker is about to die: remembers who it is to the ledger. Not known while Postgres is away.</summary>
    public async Task NoteDeathAsync(ChaosSystem system, ProductProcess process, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(process);
        try
        {
            foreach (var death in await system.QueryAsync(
                "SELECT id, clock_timestamp() FROM messaging.workers WHERE pid = $1",
                row => (row.GetGuid(0), new DateTimeOffset(row.GetDateTime(1), TimeSpan.Zero)),
                cancellationToken,
                process.Process.Id))
                _deaths.Add(death);
        }
        catch (NpgsqlException)
        {
            NoteFault("(a death that nobody could note: Postgres was away)");
        }
    }
}
