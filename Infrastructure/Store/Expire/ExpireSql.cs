namespace Messaging.Infrastructure.Store.Expire;

/// <summary>The statements that end tasks whose deadline has passed. Each row is one compare-and-set: only what does not run expires.</summary>
public static class ExpireSql
{
    /// <summary>
    /// Ends what has not started in time, oldest deadline first. Index: open_tasks_deadline; running tasks past their deadline are
    /// passed over. Several sweepers share the work: each skips what another, or a claim, has locked.
    /// </summary>
    public const string Sweep = """
        WITH past AS (
            SELECT id FROM messaging.open_tasks
            WHERE deadline_at <= now() AND state IN (0, 1, 2)
            ORDER BY deadline_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM messaging.open_tasks o USING past WHERE o.id = past.id RETURNING o.id, o.attempt
        )
        INSERT INTO messaging.outcomes (task_id, attempt, state, failure) SELECT id, attempt, 7, $1 FROM gone
        """;

    /// <summary>Ends those of the given tasks that a claim has just found past their deadline. Index: primary key of open_tasks, rows in id order.</summary>
    public const string Refused = """
        WITH gone AS (
            DELETE FROM messaging.open_tasks o USING unnest($2::uuid[]) AS c(id)
            WHERE o.id BETWEEN c.id AND c.id AND o.state = 2 AND o.deadline_at <= now()
            RETURNING o.id, o.attempt
        )
        INSERT INTO messaging.outcomes (task_id, attempt, state, failure) SELECT id, attempt, 7, $1 FROM gone
        """;
}
