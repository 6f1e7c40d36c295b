using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Infrastructure.Scheduling;

/// <summary>The statements of the promoter.</summary>
public static class PromoteSql
{
    /// <summary>
    /// Queues what is due and writes its outbox rows, in one statement. Index: open_tasks_due. Several promoters share the work:
    /// each skips what another has locked.
    /// </summary>
    public const string Promote = """
        WITH due AS (
            SELECT id FROM messaging.open_tasks WHERE due_at <= now() ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ), queued AS (
            UPDATE messaging.open_tasks o SET state = 2, due_at = NULL, queued_at = clock_timestamp() FROM due WHERE o.id = due.id RETURNING o.id, o.queue
        )
        INSERT INTO messaging.outbox (id, owner, queue, task_ids)
        SELECT gen_random_uuid(), $1, queue, array_agg(id ORDER BY id) FROM queued GROUP BY queue
        RETURNING id, queue, task_ids
        """;

    /// <summary>How long until the next one is due, in seconds; null if none is scheduled. Index: open_tasks_due.</summary>
    public const string NextDue = """
        SELECT extract(epoch FROM due_at - clock_timestamp())::double precision
        FROM messaging.open_tasks WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1
        """;
}

/// <summary>
/// Moves scheduled tasks on when their time has come, by Postgres's clock. Sleeps until the next due time, at most
/// <see cref="LongestSleep"/>, because a task that is due sooner may be submitted meanwhile.
/// </summary>
public sealed class TaskPromoter(
    LedgerConnections ledger, IRelayInbox relay, TaskContents contents, TaskChanges changes, TimeProvider time, ILogger<TaskPromoter> log) : BackgroundService
{
    /// <summary>The most tasks in one statement.</summary>
    public const int BatchSize = 500;

    /// <summary>The longest sleep.</summary>
    public static readonly TimeSpan LongestSleep = TimeSpan.FromMilliseconds(500);

    /// <summary>Queues what is due now, one batch; answers how many tasks that were.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<int> PromoteAsync(CancellationToken cancellationToken)
    {
        using var reservation = relay.TryReserve(BatchSize);
        var rows = new List<(Guid Id, string Queue, Guid[] Tasks)>();
        await using (var connection = await ledger.Control.OpenConnectionAsync(cancellationToken))
        await using (var command = new NpgsqlCommand(PromoteSql.Promote, connection))
        {
            command.Parameters.Add(Parameters.Uuid(reservation?.Owner));
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchSize });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                rows.Add((reader.GetGuid(0), reader.GetString(1), await reader.GetFieldValueAsync<Guid[]>(2, cancellationToken)));
        }

        if (changes.Wanted)
            changes.Tell([.. rows.SelectMany(r => r.Tasks)]);
        // Dying or failing from here on: the rows have an owner that will be declared dead, or none; a sweeper takes them.
        if (reservation is not null && rows.Count > 0)
        {
            var loaded = (await contents.LoadAsync(rows.SelectMany(r => r.Tasks), cancellationToken)).ToDictionary(t => t.Id);
            reservation.HandOver([.. rows.Select(r => new OutboxBatch(r.Id, r.Queue, [.. r.Tasks.Where(loaded.ContainsKey).Select(id => loaded[id])]))]);
        }

        return rows.Sum(r => r.Tasks.Length);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var sleep = LongestSleep;
            try
            {
                if (await PromoteAsync(stoppingToken) == BatchSize)
                    continue;
                sleep = await UntilNextDueAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.NotPromoted(e.Message);
            }

            await Task.Delay(sleep, time, stoppingToken);
        }
    }

    private async Task<TimeSpan> UntilNextDueAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(PromoteSql.NextDue);
        return await command.ExecuteScalarAsync(cancellationToken) is double seconds
            ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0.001, LongestSleep.TotalSeconds))
            : LongestSleep;
    }
}
