using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Infrastructure.Maintenance;

/// <summary>Creates the daily partitions of the big tables a week ahead. There is no default partition: a row outside would be refused.</summary>
public sealed class PartitionKeeper(LedgerConnections ledger, TimeProvider time, ILogger<PartitionKeeper> log) : BackgroundService
{
    /// <summary>
    /// Yesterday to a week from now. The lock wait is short, because whatever comes after a waiting DDL statement queues behind it;
    /// the advisory lock keeps two processes from making the same partition.
    /// </summary>
    public const string Ensure = """
        SELECT CASE WHEN pg_try_advisory_xact_lock(7021801) THEN messaging.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1, 9) ELSE 0 END
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan IntervalAfterFailure = TimeSpan.FromMinutes(1);

    /// <summary>Creates what is missing now; answers how many partitions it made.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached, or a lock was not to be had within two seconds.</exception>
    public async Task<int> EnsureAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Control.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var wait = new NpgsqlCommand("SET LOCAL lock_timeout = '2s'", connection, transaction))
            await wait.ExecuteNonQueryAsync(cancellationToken);
        await using var ensure = new NpgsqlCommand(Ensure, connection, transaction);
        var made = (int)(await ensure.ExecuteScalarAsync(cancellationToken))!;
        await transaction.CommitAsync(cancellationToken);
        return made;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Interval;
            try
            {
                if (await EnsureAsync(stoppingToken) is > 0 and var made)
                    log.PartitionsMade(made);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.PartitionsNotMade(e.Message);
                pause = IntervalAfterFailure;
            }

            await Task.Delay(pause, time, stoppingToken);
        }
    }
}
