using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Infrastructure.Outbox;

/// <summary>
/// Brings outbox rows that no relay has in memory to this process's relay: rows without an owner at once, and every few seconds those
/// whose owner no longer exists. Never by age: a relay that lags would be swamped by copies of what it has already.
/// Any number of processes may sweep side by side.
/// </summary>
public sealed class OutboxSweeper(
    LedgerConnections ledger,
    OutboxRelay relay,
    SettleStage settle,
    TaskContents contents,
    TaskChanges changes,
    InstanceIdentity identity,
    OutboxSignal signal,
    TimeProvider time,
    ILogger<OutboxSweeper> log) : BackgroundService
{
    /// <summary>How often it looks for rows without an owner, if nobody wakes it.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>How often it looks for rows that should be in somebody's memory and are in nobody's.</summary>
    public static readonly TimeSpan LostInterval = TimeSpan.FromSeconds(3);

    /// <summary>The most rows in one statement.</summary>
    public const int MaxRows = 200;

    /// <summary>The most tasks in one statement, unless a single row has more.</summary>
    public const int MaxTasks = 1000;

    private HashSet<Guid> _strays = [];

    /// <summary>Takes rows that nobody owns and hands them to the relay, as many as it has room for. Answers how many rows.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached. What was taken is given up again, now or within seconds.</exception>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        using var reservation = relay.TryReserveForSweep(Math.Min(MaxTasks, relay.MostInSweep));
        if (reservation is null)
            return 0;
        var rows = await TakeAsync(reservation.Owner, cancellationToken);
        if (rows.Count == 0)
            return 0;
        try
        {
            // Whoever committed them in a transaction of his own has told nobody.
            if (changes.Wanted)
                changes.Tell([.. rows.SelectMany(r => r.Tasks)]);
            var tasks = (await contents.LoadAsync(rows.SelectMany(r => r.Tasks), cancellationToken)).ToDictionary(t => t.Id);
            // What is not open any more is left out; a row with nothing left is simply settled.
            reservation.HandOver([.. rows.Select(r => new OutboxBatch(r.Id, r.Queue, [.. r.Tasks.Where(tasks.ContainsKey).Select(id => tasks[id])]))]);
        }
        catch
        {
            // If this fails too, DisownStraysAsync finds them.
            await settle.DisownAsync([.. rows.Select(r => (r.Id, reservation.Owner))], CancellationToken.None);
            throw;
        }

        return rows.Count;
    }

    /// <summary>Makes the rows of processes that no longer exist anybody's. Answers how many.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<int> DisownOrphansAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(OutboxSql.DisownOrphans);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = identity.Id });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Gives up rows that stand in this process's name but are not in its memory, if they were so at the last look too: their commit's
    /// answer was lost, or reading their tasks failed. Answers how many.
    /// </summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<int> DisownStraysAsync(CancellationToken cancellationToken)
    {
        var owner = identity.Id;
        var unknown = new HashSet<Guid>();
        await using (var command = ledger.Control.CreateCommand(OutboxSql.OwnedBy))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = owner });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (!relay.Holds(reader.GetGuid(0)))
                    unknown.Add(reader.GetGuid(0));
            }
        }

        var strays = unknown.Where(_strays.Contains).ToArray();
        _strays = unknown;
        if (strays.Length > 0)
            await settle.DisownAsync([.. strays.Select(id => (id, owner))], cancellationToken);
        return strays.Length;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var timer = time.CreateTimer(static s => ((OutboxSignal)s!).Wake(), signal, TimeSpan.Zero, Interval);
        var lookedForLost = time.GetTimestamp() - time.TimestampFrequency * (long)LostInterval.TotalSeconds;
        while (!stoppingToken.IsCancellationRequested)
        {
            await signal.WaitAsync(stoppingToken);
            try
            {
                if (time.GetElapsedTime(lookedForLost) >= LostInterval)
                {
                    lookedForLost = time.GetTimestamp();
                    await FindLostAsync(stoppingToken);
                }

                // A full take may have left some; a failed reservation means that the relay is full, which takes time to change.
                if (await SweepAsync(stoppingToken) > 0)
                    signal.Wake();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.NotSwept(e.Message);
            }
        }
    }

    private async Task FindLostAsync(CancellationToken cancellationToken)
    {
        if (await DisownOrphansAsync(cancellationToken) is > 0 and var orphans)
            log.OrphansFound(orphans);
        if (await DisownStraysAsync(cancellationToken) is > 0 and var strays)
            log.StraysFound(strays);
    }

    private async Task<List<(Guid Id, string Queue, Guid[] Tasks)>> TakeAsync(Guid owner, CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(OutboxSql.Take);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = owner });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MaxRows });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Math.Min(MaxTasks, relay.MostInSweep) });
        var rows = new List<(Guid, string, Guid[])>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add((reader.GetGuid(0), reader.GetString(1), await reader.GetFieldValueAsync<Guid[]>(2, cancellationToken)));
        return rows;
    }
}
