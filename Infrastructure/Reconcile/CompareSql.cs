namespace Messaging.Infrastructure.Reconcile;

/// <summary>The statements of a comparison. Each reads one snapshot; none holds a lock that anybody waits for.</summary>
public static class CompareSql
{
    /// <summary>Where the last comparison stopped. Primary key of a single row.</summary>
    public const string Cursors = "SELECT recent, patrol FROM messaging.ledger_check";

    /// <summary>
    /// The end of a page that begins at $1: the id $2 tasks further on, or the newest id that is looked at yet. Tasks of the last
    /// minute are left for the next time, because older ids may still be committed; so are those since the oldest transaction that has
    /// submitted by SQL and is still open. Index: primary keys of the partitions of tasks.
    /// </summary>
    public const string PageEnd = """
        WITH settled AS MATERIALIZED (
            SELECT messaging.uuid_floor(least(now() - interval '1 minute', messaging.submitting_since())) AS floor
        )
        SELECT coalesce(
            (SELECT id FROM messaging.tasks WHERE id >= $1 AND id < (SELECT floor FROM settled) ORDER BY id OFFSET $2 LIMIT 1),
            greatest($1, (SELECT floor FROM settled)))
        """;

    /// <summary>
    /// Compares the tasks from $1 up to $2: how many there are, which are neither open nor ended, which are both. The bounds on each
    /// side let the planner leave out partitions. Index: primary keys.
    /// </summary>
    public const string Compare = """
        SELECT count(*),
               array_agg(t.id) FILTER (WHERE o.id IS NULL AND c.task_id IS NULL),
               array_agg(t.id) FILTER (WHERE o.id IS NOT NULL AND c.task_id IS NOT NULL)
        FROM messaging.tasks t
        LEFT JOIN messaging.open_tasks o ON o.id = t.id AND o.id >= $1 AND o.id < $2
        LEFT JOIN messaging.outcomes c ON c.task_id = t.id AND c.task_id >= $1 AND c.task_id < $2
        WHERE t.id >= $1 AND t.id < $2
        """;

    /// <summary>Moves the first cursor on and counts what it passed; only one of two that started at the same place does.</summary>
    public const string AdvanceRecent = "UPDATE messaging.ledger_check SET recent = $2, accepted = accepted + $3 WHERE recent = $1";

    /// <summary>Moves the second cursor on, or back to the begin.</summary>
    public const string AdvancePatrol = "UPDATE messaging.ledger_check SET patrol = $2 WHERE patrol = $1";

    /// <summary>Notes tasks that are nowhere, 10,000 at most.</summary>
    public const string NoteUnaccounted = """
        INSERT INTO messaging.unaccounted_tasks (task_id)
        SELECT u.id FROM unnest($1::uuid[]) AS u(id) WHERE (SELECT count(*) FROM messaging.unaccounted_tasks) < 10000
        ON CONFLICT DO NOTHING
        """;

    /// <summary>Strikes those off that have turned up, or were removed on purpose. Index: primary keys, one partition each.</summary>
    public const string StrikeOff = """
        DELETE FROM messaging.unaccounted_tasks u
        WHERE NOT EXISTS (SELECT FROM messaging.tasks t WHERE t.id = u.task_id)
           OR EXISTS (SELECT FROM messaging.open_tasks o WHERE o.id = u.task_id)
           OR EXISTS (SELECT FROM messaging.outcomes c WHERE c.task_id = u.task_id)
        """;

    /// <summary>How many are left, and one of them.</summary>
    public const string CountUnaccounted = """
        SELECT count(*), (SELECT task_id FROM messaging.unaccounted_tasks ORDER BY task_id LIMIT 1) FROM messaging.unaccounted_tasks
        """;

    /// <summary>
    /// What is open, by queue and state; of that, before the cursor $1; claims older than a minute of workers that don't exist. Reads
    /// open_tasks whole.
    /// </summary>
    public const string Open = """
        SELECT o.queue, o.state, count(*), count(*) FILTER (WHERE o.id < $1),
               count(*) FILTER (WHERE o.state = 3 AND w.id IS NULL AND o.claimed_at < now() - interval '1 minute')
        FROM messaging.open_tasks o
        LEFT JOIN messaging.workers w ON w.id = o.worker
        GROUP BY o.queue, o.state
        """;

    /// <summary>Tasks that have been due for more than a minute. Index: open_tasks_due.</summary>
    public const string Overdue = "SELECT count(*) FROM messaging.open_tasks WHERE due_at < now() - interval '1 minute'";

    /// <summary>How many rows are unpublished, and the age of the oldest in milliseconds.</summary>
    public const string Outbox = """
        SELECT count(*), coalesce(greatest(0, extract(epoch FROM now() - min(created_at)) * 1000)::bigint, 0) FROM messaging.outbox
        """;

    /// <summary>
    /// All that is open and has ended. Read each time while little is open; beyond that the cursors find it. Index: primary key of outcomes.
    /// </summary>
    public const string EndedButOpen = "SELECT o.id FROM messaging.open_tasks o JOIN messaging.outcomes c ON c.task_id = o.id ORDER BY o.id LIMIT 10000";

    /// <summary>The outcome stands. Index: primary keys, rows in id order.</summary>
    public const string RemoveEnded = """
        DELETE FROM messaging.open_tasks o
        USING unnest($1::uuid[]) AS u(id)
        WHERE o.id = u.id AND EXISTS (SELECT FROM messaging.outcomes c WHERE c.task_id = u.id)
        """;

    /// <summary>Writes down what was found.</summary>
    public const string Write = """
        UPDATE messaging.ledger_check
        SET checked_at = now(), checked_by = $1, scheduled = $2, waiting = $3, queued = $4, running = $5, unaccounted = $6, overdue = $7,
            orphans = $8, outbox_rows = $9, outbox_lag_ms = $10, duration_ms = $11, ended = accepted - $12
        """;

    /// <summary>Reads it.</summary>
    public const string Read = """
        SELECT checked_at, checked_by, recent, accepted, ended, scheduled, waiting, queued, running, unaccounted, overdue, orphans,
               outbox_rows, outbox_lag_ms, duration_ms
        FROM messaging.ledger_check
        """;
}
