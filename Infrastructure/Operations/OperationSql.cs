namespace Messaging.Infrastructure.Operations;

/// <summary>The statements on <c>operations</c>, a small table: one row per operation, which is all there is to know of it.</summary>
public static class OperationSql
{
    /// <summary>Accepts one.</summary>
    public const string Insert = """
        INSERT INTO messaging.operations
            (id, action, kind, queue, fingerprint, tag, finished_after, finished_before, rate_per_second, reason, total, total_is_exact)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """;

    /// <summary>
    /// Takes one that nobody works on: no instance stands in it, or one that no longer exists. The row lock lets only one take it.
    /// Index: operations_open.
    /// </summary>
    public const string Take = """
        UPDATE messaging.operations SET worker = $1, state = 1, started_at = coalesce(started_at, now())
        WHERE id = (
            SELECT o.id FROM messaging.operations o
            WHERE o.finished_at IS NULL AND (o.worker IS NULL OR NOT EXISTS (SELECT FROM messaging.workers w WHERE w.id = o.worker))
            ORDER BY o.id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id
        """;

    /// <summary>Gives one up, so that another goes on at once. Index: primary key.</summary>
    public const string Release = "UPDATE messaging.operations SET worker = NULL WHERE id = $1 AND worker = $2 AND finished_at IS NULL";

    /// <summary>
    /// Locks an operation for one batch, if it is still this instance's and goes on. No row: it was stopped, or somebody took it over.
    /// The last column is how long its pace wants it to wait, in seconds. Index: primary key.
    /// </summary>
    public const string Lock = "SELECT " + Columns + """
        , o.cursor_at, o.cursor_id, greatest(extract(epoch FROM o.next_at - clock_timestamp()), 0)::double precision
        FROM messaging.operations o WHERE o.id = $1 AND o.worker = $2 AND o.state = 1 FOR UPDATE
        """;

    /// <summary>
    /// Moves an operation on, in the transaction that locked it. With a pace, the next batch may start when this one's time is over; up to
    /// a quarter of a second that was lost may be made good, no more. Index: primary key.
    /// </summary>
    public const string Advance = """
        UPDATE messaging.operations
        SET cursor_at = $2, cursor_id = $3, done = done + $4, skipped = skipped + $5, failed = failed + $6, error = coalesce($7, error),
            next_at = greatest(next_at, clock_timestamp() - interval '250 ms') + $4 * interval '1 second' / rate_per_second,
            state = CASE WHEN $8 THEN 2 ELSE state END,
            finished_at = CASE WHEN $8 THEN clock_timestamp() END
        WHERE id = $1
        """;

    /// <summary>Stops one that has not ended. Waits for the batch under way, if there is one. Index: primary key.</summary>
    public const string Stop = "UPDATE messaging.operations SET state = 3, finished_at = clock_timestamp() WHERE id = $1 AND finished_at IS NULL";

    /// <summary>One. Index: primary key.</summary>
    public const string Find = "SELECT " + Columns + " FROM messaging.operations o WHERE o.id = $1";

    /// <summary>Those before $1, newest first. Index: primary key.</summary>
    public const string List = "SELECT " + Columns + " FROM messaging.operations o WHERE o.id < $1 ORDER BY o.id DESC LIMIT $2";

    /// <summary>Forgets those that ended 30 days ago. Reads the table whole: it is small, and this is done once an hour.</summary>
    public const string Forget = "DELETE FROM messaging.operations WHERE finished_at < now() - interval '30 days'";

    /// <summary>
    /// Forgets edited inputs of tasks that were dropped with their day. Reads the table whole: people edit few, and this is done once an
    /// hour. Index: primary key of tasks, one partition per id.
    /// </summary>
    public const string ForgetRevisions =
        "DELETE FROM messaging.task_revisions r WHERE NOT EXISTS (SELECT FROM messaging.tasks t WHERE t.id = r.task_id)";

    private const string Columns = """
        o.id, o.action, o.state, o.kind, o.queue, o.fingerprint, o.tag, o.finished_after, o.finished_before, o.rate_per_second, o.reason,
            o.total, o.total_is_exact, o.done, o.skipped, o.failed, o.error, o.created_at, o.started_at, o.finished_at
        """;
}
