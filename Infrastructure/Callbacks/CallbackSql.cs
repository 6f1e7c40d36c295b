namespace Messaging.Infrastructure.Callbacks;

/// <summary>
/// The statements on callbacks. What makes one when a task ends is the trigger <c>open_tasks_callback</c>, and what it does stands in
/// <c>0010_callbacks.sql</c>: it must happen in the transaction of the end, whoever writes that.
/// </summary>
public static class CallbackSql
{
    /// <summary>Whom new tasks want to be told; only run for batches that have any.</summary>
    public const string Insert = """
        INSERT INTO messaging.task_callbacks (task_id, url, endpoint, events, secret)
        SELECT c.task_id, c.url, c.endpoint, c.events, c.secret
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::bytea[]) AS c(task_id, url, endpoint, events, secret)
        """;

    /// <summary>
    /// All that is needed to send delivery $2 about task $1; no row: there is no such delivery. Indexes: primary keys of callback_deliveries, tasks,
    /// task_callbacks and outcomes, one partition each, and of callback_endpoints; callback_secrets_endpoint.
    /// </summary>
    public const string Load = """
        SELECT d.message_id, d.happened, d.started_at, d.attempt, d.event, d.url, d.endpoint, d.failure,
               t.kind, t.queue, t.max_attempts, t.run_at, t.tags, t.deadline,
               c.result,
               e.url, e.disabled_at IS NOT NULL,
               coalesce(
                   (SELECT ARRAY[k.secret] FROM messaging.task_callbacks k WHERE k.task_id = d.task_id AND d.event <> 0 AND k.secret IS NOT NULL),
                   (SELECT array_agg(s.secret ORDER BY s.id DESC) FROM messaging.callback_secrets s
                    WHERE s.endpoint = coalesce(d.endpoint, '') AND (s.expires_at IS NULL OR s.expires_at > now())),
                   '{}')
        FROM messaging.callback_deliveries d
        LEFT JOIN messaging.tasks t ON t.id = d.task_id
        LEFT JOIN messaging.outcomes c ON c.task_id = d.task_id AND d.event = 4 AND c.state = 4
        LEFT JOIN messaging.callback_endpoints e ON e.name = d.endpoint
        WHERE d.task_id = $1 AND d.id = $2
        """;

    /// <summary>Notes a request that was sent. Index: primary key of one partition.</summary>
    public const string Log = """
        INSERT INTO messaging.callback_attempts (task_id, delivery_id, sent_at, duration_ms, attempt, status, error)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
        """;

    /// <summary>Whether there is such a task, and whom it wants to be told. Indexes: primary keys of tasks and task_callbacks, one partition each.</summary>
    public const string Asked = """
        SELECT k.url, k.endpoint, k.events
        FROM messaging.tasks t LEFT JOIN messaging.task_callbacks k ON k.task_id = t.id
        WHERE t.id = $1
        """;

    /// <summary>
    /// The newest 100 deliveries about a task. Indexes: primary keys of callback_deliveries, open_tasks and outcomes.
    /// </summary>
    public const string Deliveries = """
        SELECT d.id, d.message_id, d.event, d.happened, d.url, d.endpoint, coalesce(o.state, c.state), o.due_at, c.failure
        FROM messaging.callback_deliveries d
        LEFT JOIN messaging.open_tasks o ON o.id = d.id
        LEFT JOIN LATERAL (SELECT * FROM messaging.outcomes WHERE task_id = d.id LIMIT 1) c ON true
        WHERE d.task_id = $1 ORDER BY d.id DESC LIMIT 100
        """;

    /// <summary>The newest 1,000 requests about a task, oldest first. Index: primary key of callback_attempts.</summary>
    public const string Attempts = """
        SELECT * FROM (
            SELECT delivery_id, sent_at, attempt, duration_ms, status, error
            FROM messaging.callback_attempts WHERE task_id = $1 ORDER BY sent_at DESC LIMIT 1000
        ) newest ORDER BY sent_at
        """;

    /// <summary>Sends what waits for its next attempt now. Index: primary key of open_tasks.</summary>
    public const string Hurry = "UPDATE messaging.open_tasks SET due_at = now() WHERE id = $1 AND state = 0 AND due_at > now()";

    /// <summary>Makes another delivery like one that has ended; no row: it has not, or there is none. Indexes: primary keys of callback_deliveries and open_tasks.</summary>
    public const string Again = """
        SELECT messaging.open_callback(d.task_id, d.message_id, d.event, d.happened, d.started_at, d.attempt, d.failure, d.url, d.endpoint,
                   CASE d.event WHEN 0 THEN 1 ELSE 100 END)
        FROM messaging.callback_deliveries d
        WHERE d.task_id = $1 AND d.id = $2 AND NOT EXISTS (SELECT FROM messaging.open_tasks o WHERE o.id = d.id)
        """;

    /// <summary>Whether there is such a delivery. Index: primary key of callback_deliveries.</summary>
    public const string Exists = "SELECT EXISTS (SELECT FROM messaging.callback_deliveries WHERE task_id = $1 AND id = $2)";

    /// <summary>Makes a delivery that only tries an endpoint, once. Index: primary key of callback_endpoints.</summary>
    public const string Test = """
        SELECT messaging.open_callback(NULL, NULL, 0::smallint, clock_timestamp(), NULL, 0, NULL, NULL, e.name, 1)
        FROM messaging.callback_endpoints e WHERE e.name = $1
        """;
}
