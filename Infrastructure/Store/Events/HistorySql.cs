using Messaging.Infrastructure.Store.Read;

namespace Messaging.Infrastructure.Store.Events;

/// <summary>The statements that read what has happened to tasks. Each is one snapshot.</summary>
public static class HistorySql
{
    /// <summary>
    /// What happened to tasks since a position and a time ($5) each: the task, its past runs (the newest 1,000) and its reports (the oldest $4). With its
    /// result where $3 says so. The first column is the row's place in the arrays, from 1. Indexes: primary keys of tasks, open_tasks,
    /// outcomes, task_callbacks, attempts and task_events, one partition each.
    /// </summary>
    public const string Since = "SELECT u.place, " + TaskReadSql.Columns + """
        , o.queued_at, CASE WHEN u.whole THEN c.result END,
               a.started_at, a.finished_at, a.attempt, a.outcome, a.failure,
               e.seq, e.at, e.percent, e.message
        FROM unnest($1::uuid[], $2::bigint[], $3::boolean[], $5::timestamptz[]) WITH ORDINALITY AS u(id, since, whole, moment, place)
        CROSS JOIN LATERAL (SELECT * FROM messaging.tasks WHERE id = u.id LIMIT 1) t
        LEFT JOIN LATERAL (SELECT * FROM messaging.open_tasks WHERE id = u.id LIMIT 1) o ON true
        LEFT JOIN LATERAL (SELECT * FROM messaging.outcomes WHERE task_id = u.id LIMIT 1) c ON true
        LEFT JOIN LATERAL (SELECT task_id FROM messaging.task_callbacks WHERE task_id = u.id AND o.id IS NULL LIMIT 1) k ON true
        LEFT JOIN LATERAL (
            SELECT array_agg(r.started_at ORDER BY r.started_at) AS started_at, array_agg(r.finished_at ORDER BY r.started_at) AS finished_at,
                   array_agg(r.attempt ORDER BY r.started_at) AS attempt, array_agg(r.outcome ORDER BY r.started_at) AS outcome,
                   array_agg(r.failure ORDER BY r.started_at) AS failure
            FROM (
                SELECT * FROM messaging.attempts WHERE task_id = u.id AND finished_at >= greatest(to_timestamp((u.since - 1000) / 1000000.0), u.moment)
                ORDER BY started_at DESC LIMIT 1000
            ) r
        ) a ON true
        LEFT JOIN LATERAL (
            SELECT array_agg(r.seq ORDER BY r.seq) AS seq, array_agg(r.at ORDER BY r.seq) AS at,
                   array_agg(r.percent ORDER BY r.seq) AS percent, array_agg(r.message ORDER BY r.seq) AS message
            FROM (SELECT * FROM messaging.task_events WHERE task_id = u.id AND seq > u.since AND at >= u.moment ORDER BY seq LIMIT $4) r
        ) e ON true
        """ + TaskReadSql.LastProgress;

    /// <summary>
    /// A short look at tasks that are followed: the open row, and whether there is a report behind a position. A task without an open row
    /// has ended or is gone. Indexes: primary keys of open_tasks and task_events, one partition each.
    /// </summary>
    public const string Look = """
        SELECT u.place, o.state, o.claimed_at, o.queued_at, o.due_at,
               (SELECT true FROM messaging.task_events e WHERE e.task_id = u.id AND e.seq > u.since LIMIT 1)
        FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS u(id, since, place)
        LEFT JOIN LATERAL (SELECT * FROM messaging.open_tasks WHERE id = u.id LIMIT 1) o ON true
        """;
}
