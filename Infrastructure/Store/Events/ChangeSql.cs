namespace Messaging.Infrastructure.Store.Events;

/// <summary>The statements that find which tasks have changed in a span of time: ids only, oldest change first, from behind ($1, $2) on, $3 of them.</summary>
public static class ChangeSql
{
    /// <summary>Accepted since. $1: a time; $2: an id. Index: primary key of tasks.</summary>
    public const string Accepted = """
        SELECT id, created_at FROM messaging.tasks WHERE id > greatest($2, messaging.uuid_floor($1)) ORDER BY id LIMIT $3
        """;

    /// <summary>
    /// Ended since. Index: outcomes_finished of each partition, which leads to the pages that hold such rows, and to those that are so new
    /// that they are in no summary yet.
    /// </summary>
    public const string Ended = """
        SELECT task_id, finished_at FROM messaging.outcomes
        WHERE finished_at >= $1 AND (finished_at, task_id) > ($1, $2) ORDER BY finished_at, task_id LIMIT $3
        """;

    /// <summary>Reported since. Index: task_events_at of each partition, in the same way.</summary>
    public const string Reported = """
        SELECT task_id, max(at) FROM messaging.task_events
        WHERE at >= $1 AND (at, task_id) > ($1, $2) GROUP BY task_id ORDER BY 2, 1 LIMIT $3
        """;

    /// <summary>Started or queued since, and still open. Reads open_tasks whole: only where nobody tells of changes, and after a reconnect.</summary>
    public const string Moved = """
        SELECT id, greatest(claimed_at, queued_at) FROM messaging.open_tasks
        WHERE greatest(claimed_at, queued_at) >= $1 AND (greatest(claimed_at, queued_at), id) > ($1, $2) ORDER BY 2, 1 LIMIT $3
        """;

    /// <summary>
    /// Which of the given tasks are of one of these kinds, queues or tags. Indexes: primary keys of tasks and task_tags, one partition per id.
    /// </summary>
    public const string Concerned = """
        SELECT u.id FROM unnest($1::uuid[]) AS u(id)
        WHERE (SELECT t.kind = ANY ($2::text[]) OR t.queue = ANY ($3::text[]) FROM messaging.tasks t WHERE t.id = u.id LIMIT 1)
           OR (SELECT true FROM messaging.task_tags g WHERE g.tag = ANY ($4::text[]) AND g.task_id = u.id LIMIT 1)
        """;

    /// <summary>Postgres's clock.</summary>
    public const string Now = "SELECT clock_timestamp()";
}
