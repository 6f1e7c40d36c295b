namespace Messaging.Infrastructure.Store.Suspects;

/// <summary>The statements on suspects: tasks whose worker died while it ran them. <c>RescueSql</c> makes and charges them.</summary>
public static class SuspectSql
{
    /// <summary>
    /// Takes the mark off a suspect that has run long enough; its losses stay, so that it is watched for longer next time.
    /// Index: primary key of open_tasks; a heap-only update.
    /// </summary>
    public const string Clear = """
        UPDATE messaging.open_tasks SET suspect = false, charges = 0
        WHERE id = $1 AND state = 3 AND worker = $2 AND claim_no = $3
        """;

    /// <summary>Puts unclaimed tasks off; the promoter queues them again. Index: primary key of open_tasks.</summary>
    public const string Postpone = """
        UPDATE messaging.open_tasks o SET state = 0, due_at = now() + p.delay_ms * interval '1 millisecond'
        FROM unnest($1::uuid[], $2::bigint[]) AS p(id, delay_ms)
        WHERE o.id BETWEEN p.id AND p.id AND o.state = 2
        """;
}
