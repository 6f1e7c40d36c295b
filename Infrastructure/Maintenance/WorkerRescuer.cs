using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Infrastructure.Maintenance;

/// <summary>
/// Watches all instances and takes over from those that died: their claims are queued again, their outbox rows become anybody's.
/// Runs in every process; the statement that declares an instance dead lets only one of them do it.
/// </summary>
public sealed class WorkerRescuer(LedgerConnections ledger, InstanceIdentity identity, TimeProvider time, ILogger<WorkerRescuer> log)
    : BackgroundService
{
    /// <summary>The time between two readings. With <see cref="DeathWatch.Patience"/> a dead worker's tasks are back within 14 s.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Looking for orphans reads open_tasks whole, so it is done rarely, but soon after an instance has gone.
    private static readonly TimeSpan OrphanInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan OrphanIntervalAfterLoss = TimeSpan.FromSeconds(5);

    private readonly DeathWatch _watch = new(time);
    private HashSet<Guid> _present = [];
    private long _lastLoss;
    private long _lastOrphanCheck = time.GetTimestamp();

    /// <summary>Declares an instance dead and takes over from it, if its counter still stands at <paramref name="beat"/>.</summary>
    /// <returns>How many tasks were queued again; null if somebody else did it or the instance lives.</returns>
    /// <exception cref="NpgsqlException">The ledger can't be reached; nothing was changed.</exception>
    public async Task<int?> RescueAsync(Guid instance, long beat, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Control.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var declare = new NpgsqlCommand(RescueSql.DeclareDead, connection, transaction)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = instance }, new NpgsqlParameter<long> { TypedValue = beat } },
        };
        if (await declare.ExecuteNonQueryAsync(cancellationToken) == 0)
            return null;
        var tasks = await TakeOverAsync(connection, transaction, instance, died: true, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return tasks;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await CheckAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _watch.Reset();
                log.CheckFailed(e.Message);
            }
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var beats = await ReadBeatsAsync(cancellationToken);
        foreach (var (id, beat, silent) in _watch.Read(beats))
        {
            if (id != identity.Id && await RescueAsync(id, beat, cancellationToken) is { } tasks)
                log.Rescued(id, silent.TotalSeconds, tasks);
        }

        var present = beats.Select(b => b.Id).ToHashSet();
        if (!_present.IsSubsetOf(present))
            _lastLoss = time.GetTimestamp();
        _present = present;
        var interval = _lastLoss != 0 && time.GetElapsedTime(_lastLoss) < OrphanInterval ? OrphanIntervalAfterLoss : OrphanInterval;
        if (time.GetElapsedTime(_lastOrphanCheck) < interval)
            return;
        _lastOrphanCheck = time.GetTimestamp();
        await RescueOrphansAsync(cancellationToken);
    }

    /// <summary>Takes over claims whose instance has no row any more.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<int> RescueOrphansAsync(CancellationToken cancellationToken)
    {
        var rescued = 0;
        await using var connection = await ledger.Control.OpenConnectionAsync(cancellationToken);
        var orphans = new List<Guid>();
        await using (var find = new NpgsqlCommand(RescueSql.FindOrphans, connection))
        await using (var reader = await find.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                orphans.Add(reader.GetGuid(0));
        }

        foreach (var orphan in orphans)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            rescued += await TakeOverAsync(connection, transaction, orphan, died: false, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        if (rescued > 0)
            log.OrphansRescued(rescued);
        return rescued;
    }

    private async Task<int> TakeOverAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Guid instance, bool died, CancellationToken cancellationToken)
    {
        if (died)
            await DeadLetterAsync(connection, transaction, instance, cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.Add(RescueSql.QueueAgain, instance, died);
        batch.Add(RescueSql.Cancel, instance);
        batch.Add(RescueSql.DisownOutbox, instance);
        return (int)(long)(await batch.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task DeadLetterAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Guid instance, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(RescueSql.DeadLetter, connection, transaction)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = instance } },
        };
        if (await command.ExecuteScalarAsync(cancellationToken) is Guid poison)
            log.KillsItsWorkers(poison, RescueSql.Charges);
    }

    private async Task<List<(Guid Id, long Beat)>> ReadBeatsAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(InstanceSql.ReadBeats);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var beats = new List<(Guid, long)>();
        while (await reader.ReadAsync(cancellationToken))
            beats.Add((reader.GetGuid(0), reader.GetInt64(1)));
        return beats;
    }
}
