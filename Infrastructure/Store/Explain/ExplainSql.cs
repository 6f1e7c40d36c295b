namespace Messaging.Infrastructure.Store.Explain;

/// <summary>What has to be known to say why a task is where it is.</summary>
public static class ExplainSql
{
    /// <summary>
    /// All facts about one task, in one snapshot. Indexes: primary keys of tasks, open_tasks, outcomes and attempts, one partition each.
    /// What is counted in its queue ($2 at most) has no index of its own: open_tasks and outbox hold only what is unfinished, a person asks,
    /// and the connection's statement timeout bounds it.
    /// </summary>
    public const string Facts = """
        SELECT t.kind, t.queue, t.max_attempts, t.run_at,
               coalesce(o.state, c.state), o.attempt, o.due_at, o.claimed_at, o.queued_at, o.worker, o.cancel_requested, o.suspect,
               c.finished_at, c.discarded_at, now(),
               a.outcome, coalesce(a.failure, c.failure), a.finished_at,
               b.created_at,
               q.ahead,
               w.live, w.listening, w.able, w.slots, w.running
        FROM messaging.tasks t
        LEFT JOIN messaging.open_tasks o ON o.id = t.id
        LEFT JOIN messaging.outcomes c ON c.task_id = t.id
        LEFT JOIN LATERAL (
            SELECT outcome, failure, finished_at FROM messaging.attempts WHERE task_id = t.id ORDER BY finished_at DESC LIMIT 1
        ) a ON true
        LEFT JOIN LATERAL (
            SELECT r.created_at
            FROM (SELECT created_at, task_ids FROM messaging.outbox WHERE o.state = 2 AND queue = t.queue LIMIT $2) r
            WHERE t.id = ANY (r.task_ids) LIMIT 1
        ) b ON true
        LEFT JOIN LATERAL (
            SELECT count(*)::integer AS ahead FROM (
                SELECT FROM messaging.open_tasks x WHERE o.state = 2 AND x.queue = t.queue AND x.state = 2 AND x.queued_at < o.queued_at LIMIT $2
            ) earlier
        ) q ON true
        LEFT JOIN LATERAL (
            SELECT count(*)::integer AS live,
                   count(*) FILTER (WHERE t.queue = ANY (queues))::integer AS listening,
                   count(*) FILTER (WHERE t.queue = ANY (queues) AND t.kind = ANY (kinds))::integer AS able,
                   coalesce(sum(slots) FILTER (WHERE t.queue = ANY (queues) AND t.kind = ANY (kinds)), 0)::integer AS slots,
                   coalesce(sum(running) FILTER (WHERE t.queue = ANY (queues) AND t.kind = ANY (kinds)), 0)::integer AS running
            FROM messaging.workers WHERE role = 'consumer' AND NOT draining
        ) w ON true
        WHERE t.id = $1
        """;
}
