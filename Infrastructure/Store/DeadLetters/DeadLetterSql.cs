namespace Messaging.Infrastructure.Store.DeadLetters;

/// <summary>The statements on dead letters: outcomes in state failed that nobody has discarded.</summary>
public static class DeadLetterSql
{
    /// <summary>
    /// Failed → queued: takes the outcome away, which lets only one of many retries do it, and opens the task anew: no attempt spent yet,
    /// the newest revision of its input, outbox rows without an owner. With $2 only dead letters that failed before then and are not
    /// discarded; the others are left as they are. A task whose worker was lost stays a suspect. A failure that has no attempt of its own
    /// yet gets one, so that the history keeps it. Who was to be told of its end is told of the next one too. Answers the ids that were moved.
    /// Indexes: primary keys of outcomes, tasks, attempts, task_revisions and task_callbacks, rows in id order.
    /// </summary>
    public const string Retry = """
        WITH gone AS (
            DELETE FROM messaging.outcomes c USING unnest($1::uuid[]) AS u(id), messaging.tasks t
            WHERE c.task_id = u.id AND t.id = u.id AND c.state = 5
              AND ($2::timestamptz IS NULL OR (c.finished_at < $2 AND c.discarded_at IS NULL))
            RETURNING c.task_id, c.worker, c.claim_no, c.started_at, c.finished_at, c.attempt, c.failure, t.queue
        ), told AS (
            INSERT INTO messaging.attempts (task_id, worker, claim_no, started_at, finished_at, attempt, outcome, failure)
            SELECT task_id, worker, claim_no, coalesce(started_at, finished_at), finished_at, attempt, 'failed', failure
            FROM gone WHERE worker IS NOT NULL AND claim_no IS NOT NULL
            ON CONFLICT DO NOTHING
        ), opened AS (
            INSERT INTO messaging.open_tasks (id, queue, state, suspect, revision, callback)
            SELECT g.task_id, g.queue, 2, coalesce(g.failure LIKE '{"code":"worker-lost"%', false),
                coalesce((SELECT max(r.revision) FROM messaging.task_revisions r WHERE r.task_id = g.task_id), 0),
                EXISTS (SELECT FROM messaging.task_callbacks k WHERE k.task_id = g.task_id)
            FROM gone g
            RETURNING id, queue
        ), outboxed AS (
            INSERT INTO messaging.outbox (id, queue, task_ids)
            SELECT gen_random_uuid(), queue, array_agg(id ORDER BY id) FROM opened GROUP BY queue
        )
        SELECT id FROM opened
        """;

    /// <summary>
    /// Stores an edited input as the task's next revision, if the task is failed, and keeps its outcome locked until the retry behind it in
    /// the same transaction. Indexes: primary keys of outcomes and task_revisions.
    /// </summary>
    public const string Edit = """
        WITH failed AS (
            SELECT task_id FROM messaging.outcomes WHERE task_id = $1 AND state = 5 FOR UPDATE
        )
        INSERT INTO messaging.task_revisions (task_id, revision, input)
        SELECT f.task_id, coalesce((SELECT max(r.revision) FROM messaging.task_revisions r WHERE r.task_id = f.task_id), 0) + 1, $2
        FROM failed f
        """;

    /// <summary>
    /// Puts dead letters away: they stay failed and leave the list. One of the rare updates of outcomes, by people only. With $2 only those
    /// that failed before then. Answers the ids. Index: primary key of outcomes, rows in id order.
    /// </summary>
    public const string Discard = """
        UPDATE messaging.outcomes c SET discarded_at = now()
        FROM unnest($1::uuid[]) AS u(id)
        WHERE c.task_id = u.id AND c.state = 5 AND c.discarded_at IS NULL AND ($2::timestamptz IS NULL OR c.finished_at < $2)
        RETURNING c.task_id
        """;

    /// <summary>A task's final state, if it has one; null if it is open, no row if it is unknown. Indexes: primary keys of tasks and outcomes.</summary>
    public const string State = """
        SELECT c.state FROM messaging.tasks t LEFT JOIN messaging.outcomes c ON c.task_id = t.id WHERE t.id = $1
        """;

    /// <summary>
    /// The next entries from a position on, newest first; none of them is marked. $1: a fingerprint, or null; $2 and $3: from when until when;
    /// $4 and $5: the position; $6: how many. Indexes: outcomes_dead; outcomes_dead_fingerprint for one fingerprint, and where dead letters are
    /// few beside $6, since reading all from it alone and sorting them beats a visit to each; merged over the partitions.
    /// </summary>
    public const string NewestFirst = "SELECT c.task_id, c.finished_at, c.fingerprint, false" + AfterNewest;

    /// <summary>The same, oldest first. Indexes: the same.</summary>
    public const string OldestFirst = "SELECT c.task_id, c.finished_at, c.fingerprint, false" + AfterOldest;

    /// <summary>
    /// Looks at the same entries, newest first. Gives those that match and behind them, marked by true, the last one looked at, if there were
    /// as many as asked for. $7: a kind, or null; $8: a queue, or null; $9: a tag, or null. Indexes: the same; then primary keys of tasks, for
    /// a kind once for each fingerprint and for a queue once for each entry, and of task_tags.
    /// </summary>
    public const string NewestMatching = "WITH looked AS MATERIALIZED (\nSELECT c.task_id, c.finished_at, c.fingerprint" + AfterNewest + "\n)" + Matching
        + "    ORDER BY l.finished_at DESC, l.task_id DESC" + AndTheLast + "ORDER BY l.finished_at, l.task_id LIMIT 1" + IfFull;

    /// <summary>The same, oldest first. Indexes: the same.</summary>
    public const string OldestMatching = "WITH looked AS MATERIALIZED (\nSELECT c.task_id, c.finished_at, c.fingerprint" + AfterOldest + "\n)" + Matching
        + "    ORDER BY l.finished_at, l.task_id" + AndTheLast + "ORDER BY l.finished_at DESC, l.task_id DESC LIMIT 1" + IfFull;

    // Never run under a generic plan: the parts whose parameter is null must fall away.
    private const string Dead = """

        FROM messaging.outcomes c
        WHERE c.state = 5 AND c.discarded_at IS NULL
          AND ($1::text IS NULL OR c.fingerprint = $1)
          AND c.finished_at >= $2 AND c.finished_at < $3

        """;

    private const string AfterNewest = Dead + "  AND (c.finished_at, c.task_id) < ($4, $5) ORDER BY c.finished_at DESC, c.task_id DESC LIMIT $6";

    private const string AfterOldest = Dead + "  AND (c.finished_at, c.task_id) > ($4, $5) ORDER BY c.finished_at, c.task_id LIMIT $6";

    // A fingerprint is made of the kind, among others: all of one fingerprint are of one kind. What is looked up in tasks is a scalar subquery,
    // which the planner can't turn round. IN stands behind OR, which keeps it from becoming a join: it is a hash table. So may be the tag, if
    // few tasks have it.
    private const string Matching = """
        , alike AS (
            SELECT fingerprint, (array_agg(task_id))[1] AS task_id FROM looked GROUP BY fingerprint
        )
        SELECT task_id, finished_at, fingerprint, false FROM (
            SELECT l.* FROM looked l
            WHERE ($7::text IS NULL OR l.fingerprint IN (
                    SELECT a.fingerprint FROM alike a WHERE (SELECT t.kind FROM messaging.tasks t WHERE t.id = a.task_id LIMIT 1) = $7))
              AND ($8::text IS NULL OR (SELECT t.queue FROM messaging.tasks t WHERE t.id = l.task_id LIMIT 1) = $8)
              AND ($9::text IS NULL OR EXISTS (SELECT FROM messaging.task_tags g WHERE g.task_id = l.task_id AND g.tag = $9))

        """;

    private const string AndTheLast = """

        ) AS found
        UNION ALL
        SELECT task_id, finished_at, fingerprint, true FROM (
            SELECT l.* FROM looked l
        """ + " ";

    private const string IfFull = """

        ) AS last WHERE (SELECT count(*) FROM looked) = $6
        """;
}
