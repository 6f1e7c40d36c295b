namespace Messaging.Infrastructure.Reconcile;

/// <summary>The statements on markers. The table holds a handful of rows; all read it whole or by primary key.</summary>
public static class MarkerSql
{
    /// <summary>
    /// Since when somebody has been writing without having committed: what that was can't be seen yet. The moment of the look, if
    /// nobody is. Comes before <see cref="Prepare"/>, in a transaction of its own. Who submits by SQL is seen whoever he is, by his lock.
    /// </summary>
    public const string OldestWriter = """
        SELECT least(clock_timestamp(), min(xact_start), (SELECT messaging.submitting_since())) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
        """;

    /// <summary>
    /// Notes a marker before it is sent. What was queued before its cutoff was in no outbox row any more, so it was confirmed by the
    /// broker, so it is in front of the marker. Reads the outbox whole: it holds only what is unpublished.
    /// </summary>
    public const string Prepare = """
        INSERT INTO messaging.markers (id, queue, resends, cutoff)
        SELECT $1, $2, $3, least($4::timestamptz, (SELECT min(created_at) FROM messaging.outbox WHERE queue = $2)) - $5::interval
        RETURNING cutoff
        """;

    /// <summary>A worker has received it. Notes who else listens: what they had in their hands goes back if they go. Only the first time counts.</summary>
    public const string Consumed = """
        UPDATE messaging.markers m
        SET consumed_at = clock_timestamp(), received_at = $2,
            workers = ARRAY(SELECT w.id FROM messaging.workers w WHERE m.queue = ANY (w.queues))
        WHERE m.id = $1 AND m.consumed_at IS NULL
        """;

    /// <summary>
    /// Consumed markers that can be judged: each worker of the queue has beaten since, and has decided all that it received before.
    /// Void: a worker has gone since, or deliveries went back to the broker, where they might be behind the marker.
    /// </summary>
    public const string Ripe = """
        SELECT m.id, m.queue, m.cutoff,
               EXISTS (SELECT FROM unnest(m.workers) AS u(id) WHERE NOT EXISTS (SELECT FROM messaging.workers w WHERE w.id = u.id))
               OR EXISTS (SELECT FROM messaging.workers w WHERE m.queue = ANY (w.queues) AND w.returned_at >= m.received_at - $1::interval) AS void
        FROM messaging.markers m
        WHERE m.consumed_at + $1::interval <= now()
          AND NOT EXISTS (
            SELECT FROM messaging.workers w
            WHERE m.queue = ANY (w.queues)
              AND (w.beat_at < m.consumed_at + $1::interval OR w.holding_since < m.consumed_at + $1::interval))
        ORDER BY m.sent_at
        """;

    /// <summary>
    /// What was published before the marker and is still queued is lost: it goes back to the outbox, without an owner, at most 500
    /// tasks a row. A page of at most $4 tasks after $3; answers how many candidates there were, the last of them, and how many were
    /// lost. What is locked is being claimed, so it is not lost. Index: primary key of open_tasks; reads the outbox whole.
    /// </summary>
    public const string QueueLost = """
        WITH candidates AS MATERIALIZED (
            SELECT id FROM messaging.open_tasks
            WHERE id > $3 AND state = 2 AND queue = $1 AND queued_at < $2
            ORDER BY id LIMIT $4
            FOR UPDATE SKIP LOCKED
        ), unpublished AS MATERIALIZED (
            SELECT unnest(task_ids) AS id FROM messaging.outbox WHERE queue = $1
        ), lost AS (
            UPDATE messaging.open_tasks o SET queued_at = clock_timestamp()
            FROM candidates c
            WHERE o.id = c.id AND NOT EXISTS (SELECT FROM unpublished u WHERE u.id = c.id)
            RETURNING o.id
        ), parts AS (
            SELECT id, (row_number() OVER (ORDER BY id) - 1) / 500 AS part FROM lost
        ), outboxed AS (
            INSERT INTO messaging.outbox (id, queue, task_ids)
            SELECT gen_random_uuid(), $1, array_agg(id ORDER BY id) FROM parts GROUP BY part
        )
        SELECT (SELECT count(*) FROM candidates), (SELECT id FROM candidates ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM lost)
        """;

    /// <summary>A judged marker and those before it in its queue are done with.</summary>
    public const string Forget = """
        DELETE FROM messaging.markers m USING messaging.markers judged
        WHERE judged.id = $1 AND m.queue = judged.queue AND m.sent_at <= judged.sent_at
        """;

    /// <summary>A marker that could not be sent. If it went out all the same, nobody minds it.</summary>
    public const string Withdraw = "DELETE FROM messaging.markers WHERE id = $1";

    /// <summary>Markers that were lost for good, or stand behind a backlog of more than a week.</summary>
    public const string ForgetOld = "DELETE FROM messaging.markers WHERE sent_at < now() - interval '7 days'";

    /// <summary>
    /// The queues whose newest marker is overdue, with the number of those that are missing: patience $1 doubles with each up to $2.
    /// </summary>
    public const string Missing = """
        SELECT queue, resends + 1 FROM (
            SELECT DISTINCT ON (queue) queue, sent_at, consumed_at, resends FROM messaging.markers ORDER BY queue, sent_at DESC) newest
        WHERE consumed_at IS NULL AND sent_at + least($2::interval, $1::interval * power(2, least(resends, 20))) < now()
        """;

    /// <summary>
    /// True if a marker would be consumed: somebody listens on the queue, and all who do say what they have in their hands (older
    /// versions don't, and don't know markers).
    /// </summary>
    public const string MayBeSent = """
        SELECT count(*) > 0 AND coalesce(bool_and(holding_since IS DISTINCT FROM '-infinity'), false) FROM messaging.workers WHERE $1 = ANY (queues)
        """;

    /// <summary>True if no marker of the queue is under way or waits to be judged.</summary>
    public const string NoneUnderWay = "SELECT NOT EXISTS (SELECT FROM messaging.markers WHERE queue = $1)";
}
