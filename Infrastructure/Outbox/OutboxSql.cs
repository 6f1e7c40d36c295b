namespace Messaging.Infrastructure.Outbox;

/// <summary>The statements on the outbox, beside the inserts that stages make in their own transactions.</summary>
public static class OutboxSql
{
    /// <summary>
    /// Settles rows: the broker has confirmed all of each. Whoever owns them by now. Index: primary key, rows in id order. For BETWEEN see
    /// docs/decisions/0043.
    /// </summary>
    public const string Settle = "DELETE FROM messaging.outbox o USING unnest($1::uuid[]) AS s(id) WHERE o.id BETWEEN s.id AND s.id";

    /// <summary>
    /// Settles rows of one task each whose task is not queued any more: it runs, has ended or waits for a time, and needs no message. Indexes: the
    /// primary keys. Answers with the rows' places in the arrays, from 1.
    /// </summary>
    public const string SettleTaken = """
        DELETE FROM messaging.outbox o USING unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS s(id, task_id, place)
        WHERE o.id BETWEEN s.id AND s.id
          AND NOT EXISTS (SELECT FROM messaging.open_tasks t WHERE t.id BETWEEN s.task_id AND s.task_id AND t.state = 2)
        RETURNING s.place
        """;

    /// <summary>
    /// Takes rows that nobody owns, as many as fit into the room of $3 tasks, and one larger than that if it comes first. Index:
    /// outbox_unowned. Sweepers share the work: each skips what another has locked.
    /// </summary>
    public const string Take = """
        WITH free AS (
            SELECT id, cardinality(task_ids) AS tasks FROM messaging.outbox
            WHERE owner IS NULL ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
        ), summed AS (
            SELECT id, tasks, sum(tasks) OVER (ORDER BY id) AS upto FROM free
        )
        UPDATE messaging.outbox o SET owner = $1 FROM summed s
        WHERE o.id = s.id AND (s.upto <= $3 OR s.upto = s.tasks)
        RETURNING o.id, o.queue, o.task_ids
        """;

    /// <summary>Gives rows up, if they are still the given owner's. Index: primary key.</summary>
    public const string Disown = """
        UPDATE messaging.outbox o SET owner = NULL FROM unnest($1::uuid[], $2::uuid[]) AS d(id, owner)
        WHERE o.id = d.id AND o.owner = d.owner
        """;

    /// <summary>
    /// Makes the rows of owners that no longer exist anybody's. Reads the table whole: it holds only what is unpublished, and an
    /// index on the owner would make every submit dearer.
    /// </summary>
    public const string DisownOrphans = """
        UPDATE messaging.outbox SET owner = NULL WHERE id IN (
            SELECT o.id FROM messaging.outbox o
            WHERE o.owner <> $1 AND NOT EXISTS (SELECT FROM messaging.workers w WHERE w.id = o.owner)
            LIMIT 10000 FOR UPDATE SKIP LOCKED)
        """;

    /// <summary>What stands in this process's name. Reads the table whole, like <see cref="DisownOrphans"/>.</summary>
    public const string OwnedBy = "SELECT id FROM messaging.outbox WHERE owner = $1";
}
