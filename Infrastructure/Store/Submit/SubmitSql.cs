namespace Messaging.Infrastructure.Store.Submit;

/// <summary>The statements of a submit, in the order of one transaction.</summary>
public static class SubmitSql
{
    /// <summary>
    /// Appends to the newest partition; rows come in id order, so the primary key grows at its right edge. What all tasks of the batch
    /// share comes once, in $11 to $14, and its array is null then.
    /// </summary>
    public const string InsertTasks = """
        INSERT INTO messaging.tasks (id, kind, queue, input, timeout_ms, max_attempts, run_at, tags, trace_parent, deadline)
        SELECT t.id, coalesce(t.kind, $11), coalesce(t.queue, $12), t.input, coalesce(t.timeout_ms, $13), coalesce(t.max_attempts, $14),
               t.run_at, string_to_array(t.tags, E'\x1f'), t.trace_parent, t.deadline
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::timestamptz[], $8::text[], $9::text[],
                $10::timestamptz[])
            AS t(id, kind, queue, input, timeout_ms, max_attempts, run_at, tags, trace_parent, deadline)
        """;

    /// <summary>
    /// A task with a due time is scheduled (index open_tasks_due), one without is queued. Those with a deadline go into
    /// open_tasks_deadline. $5: the queue, if all tasks share it. $6: whether somebody is told of the end; null: of none.
    /// </summary>
    public const string InsertOpenTasks = """
        INSERT INTO messaging.open_tasks (id, queue, due_at, deadline_at, state, callback)
        SELECT t.id, coalesce(t.queue, $5), t.due_at, t.deadline_at, CASE WHEN t.due_at IS NULL THEN 2 ELSE 0 END, coalesce(t.callback, false)
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $6::boolean[]) AS t(id, queue, due_at, deadline_at, callback)
        """;

    /// <summary>One row per queue and batch.</summary>
    public const string InsertOutbox = "INSERT INTO messaging.outbox (id, owner, queue, task_ids) VALUES ($1, $2, $3, $4)";

    /// <summary>One row per tag; only run for batches that have any.</summary>
    public const string InsertTags = """
        INSERT INTO messaging.task_tags (task_id, tag) SELECT t.task_id, t.tag FROM unnest($1::uuid[], $2::text[]) AS t(task_id, tag)
        """;

    /// <summary>Did an earlier try commit? Index: primary key of each partition that an id points to.</summary>
    public const string CountStored =
        "SELECT count(*) FROM unnest($1::uuid[]) AS u(id) CROSS JOIN LATERAL (SELECT FROM messaging.tasks WHERE id = u.id LIMIT 1) t";
}
