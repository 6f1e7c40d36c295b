namespace Messaging.Infrastructure.Store.Read;

/// <summary>The statements that read tasks for people. Each is one snapshot, so a task is always either open or ended.</summary>
public static class TaskReadSql
{
    /// <summary>
    /// One task, whole, with the newest revision of its input. Indexes: primary keys of tasks, open_tasks, outcomes, task_callbacks and task_events,
    /// one partition each, and of task_revisions.
    /// </summary>
    public const string One = "SELECT " + Columns + ", c.result, " + NewestInput + From + " WHERE t.id = $1";

    /// <summary>
    /// Many tasks without inputs and results, which may be large. Indexes: the same, per id. Each LIMIT 1 keeps the planner from joining in
    /// another order: the partitioned tables as wholes have no statistics, and beyond some 200 ids it would begin with all tasks; and
    /// open_tasks looks empty when it was vacuumed while nothing was to be done.
    /// </summary>
    public const string Many = "SELECT " + Columns + """

        FROM unnest($1::uuid[]) AS u(id)
        CROSS JOIN LATERAL (SELECT * FROM messaging.tasks WHERE id = u.id LIMIT 1) t
        LEFT JOIN LATERAL (SELECT * FROM messaging.open_tasks WHERE id = u.id LIMIT 1) o ON true
        LEFT JOIN LATERAL (SELECT * FROM messaging.outcomes WHERE task_id = u.id LIMIT 1) c ON true
        """ + Told + LastProgress;

    /// <summary>
    /// Which of the given tasks have ended. Index: primary key of outcomes, one partition per id.
    /// </summary>
    public const string Ended =
        "SELECT u.id FROM unnest($1::uuid[]) AS u(id) CROSS JOIN LATERAL (SELECT FROM messaging.outcomes WHERE task_id = u.id LIMIT 1) c";

    /// <summary>
    /// The attempts of a task: those with a row of their own, the last one if it has none (it succeeded, or was cancelled when its
    /// worker was lost), the one that runs.
    /// Indexes: primary keys of attempts, outcomes and open_tasks, one partition each.
    /// </summary>
    public const string Attempts = """
        SELECT attempt, worker, started_at, finished_at, outcome, failure FROM messaging.attempts WHERE task_id = $1
        UNION ALL
        SELECT attempt, worker, started_at, finished_at, CASE state WHEN 4 THEN 'succeeded' WHEN 6 THEN 'cancelled' ELSE 'failed' END, failure
        FROM messaging.outcomes c
        WHERE task_id = $1 AND worker IS NOT NULL
          AND NOT EXISTS (SELECT FROM messaging.attempts a WHERE a.task_id = $1 AND a.worker = c.worker AND a.claim_no = c.claim_no)
        UNION ALL
        SELECT attempt, worker, claimed_at, NULL, 'running', NULL FROM messaging.open_tasks WHERE id = $1 AND state = 3
        ORDER BY 3
        """;

    private const string NewestInput =
        "coalesce((SELECT r.input FROM messaging.task_revisions r WHERE r.task_id = t.id ORDER BY r.revision DESC LIMIT 1), t.input)";

    /// <summary>What <see cref="TaskReader.Read"/> reads: of t (tasks), o (open_tasks), c (outcomes), k (task_callbacks) and p (the last progress).</summary>
    internal const string Columns = """
        t.id, t.kind, t.queue, t.max_attempts, t.run_at, t.tags,
               o.state, o.attempt, o.due_at, o.claimed_at, o.cancel_requested,
               c.state, c.attempt, c.started_at, c.finished_at, c.failure,
               p.percent, p.message, t.deadline,
               c.fingerprint, c.discarded_at, coalesce(o.callback, k.task_id IS NOT NULL)
        """;

    private const string From = """

        FROM messaging.tasks t
        LEFT JOIN messaging.open_tasks o ON o.id = t.id
        LEFT JOIN messaging.outcomes c ON c.task_id = t.id
        LEFT JOIN messaging.task_callbacks k ON k.task_id = t.id
        """ + LastProgress;

    /// <summary>Whether somebody is to be told of the end of a task that has ended; an open one says so itself.</summary>
    internal const string Told = """

        LEFT JOIN LATERAL (SELECT task_id FROM messaging.task_callbacks WHERE task_id = u.id AND o.id IS NULL LIMIT 1) k ON true
        """;

    internal const string LastProgress = """

        LEFT JOIN LATERAL (
            SELECT e.percent, e.message FROM messaging.task_events e
            WHERE e.task_id = t.id AND o.state = 3 AND e.at >= o.claimed_at
            ORDER BY e.seq DESC LIMIT 1
        ) p ON true
        """;
}
