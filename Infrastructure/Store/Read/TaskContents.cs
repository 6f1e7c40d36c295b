using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>Reads tasks back from the ledger as the bus message carries them: for sweepers, the promoter, and copies of an old revision.</summary>
public sealed class TaskContents(LedgerConnections ledger, LargeTexts large)
{
    /// <summary>The revision of a copy whose input is too large to travel: unlike any in the ledger, so its worker reads it there.</summary>
    public const int Elsewhere = -1;

    /// <summary>
    /// What is still open of the given tasks, with its queue and the input of its revision. Index: primary keys of tasks (one partition
    /// per id), open_tasks and, for what was edited, task_revisions.
    /// </summary>
    public const string Load = """
        SELECT t.id, o.queue, o.revision, t.kind,
               CASE WHEN o.revision = 0 THEN t.input
                    ELSE (SELECT r.input FROM messaging.task_revisions r WHERE r.task_id = o.id AND r.revision = o.revision) END,
               t.timeout_ms, t.max_attempts, t.trace_parent,
               CASE WHEN o.suspect THEN greatest(o.losses, 1::smallint) ELSE 0::smallint END
        FROM unnest($1::uuid[]) AS u(id)
        CROSS JOIN LATERAL (SELECT * FROM messaging.open_tasks WHERE id = u.id LIMIT 1) o
        CROSS JOIN LATERAL (SELECT * FROM messaging.tasks WHERE id = u.id LIMIT 1) t
        """;

    /// <summary>A copy as it travels: an input that is too large stays where it is.</summary>
    public static RunTask ForTheRoad(RunTask task) =>
        LargeTexts.IsReference(task.Input.Span) ? task with { Revision = Elsewhere, Input = "null"u8.ToArray() } : task;

    /// <summary>Loads one task with its input, however large, for the worker that runs it; null if it is no longer open.</summary>
    /// <exception cref="EndOfStreamException">The file that holds its input is gone.</exception>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<RunTask?> LoadWholeAsync(Guid taskId, CancellationToken cancellationToken) =>
        await ReadAsync([taskId], cancellationToken) is [var task]
            ? task with { Input = await large.LoadAsync(task.Input, cancellationToken) }
            : null;

    /// <summary>Loads the tasks that are still open, as they travel; ended and unknown ones are left out. In no particular order.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyList<RunTask>> LoadAsync(IEnumerable<Guid> taskIds, CancellationToken cancellationToken) =>
        [.. (await ReadAsync(taskIds, cancellationToken)).Select(ForTheRoad)];

    private async Task<List<RunTask>> ReadAsync(IEnumerable<Guid> taskIds, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Relaxed.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(Load, taskIds.Distinct().ToArray()); // a task may stand in two outbox rows
        var tasks = new List<RunTask>();
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            tasks.Add(new RunTask(
                reader.GetGuid(0),
                reader.GetInt32(2),
                reader.GetString(3),
                reader.GetFieldValue<byte[]>(4),
                TimeSpan.FromMilliseconds(reader.GetInt64(5)),
                reader.GetInt32(6),
                await reader.IsDBNullAsync(7, cancellationToken) ? null : reader.GetString(7),
                reader.GetInt16(8)));
        }

        return tasks;
    }
}
