namespace Messaging.Infrastructure.Store.Claim;

/// <summary>The statements of a claim.</summary>
public static class ClaimSql
{
    /// <summary>
    /// The compare-and-set that decides who runs a task. A claim of ours that was committed although its answer was lost is found
    /// again by its fence. What is past its deadline is not to be had. Answers with the row's place in the arrays, from 1. $4: the worker,
    /// if all claims share it. Index: primary key of open_tasks, rows in id order; a heap-only update, no index is touched. For BETWEEN see
    /// docs/decisions/0043.
    /// </summary>
    public const string Claim = """
        UPDATE messaging.open_tasks o
        SET state = 3,
            worker = coalesce(c.worker, $4),
            claim_no = c.claim_no,
            claimed_at = CASE WHEN o.state = 2 THEN now() ELSE o.claimed_at END,
            attempt = CASE WHEN o.state = 2 THEN o.attempt + 1 ELSE o.attempt END
        FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) WITH ORDINALITY AS c(id, worker, claim_no, place)
        WHERE o.id BETWEEN c.id AND c.id
          AND ((o.state = 2 AND (o.deadline_at IS NULL OR o.deadline_at > now()))
            OR (o.state = 3 AND o.worker = coalesce(c.worker, $4) AND o.claim_no = c.claim_no))
        RETURNING c.place, o.attempt, o.revision, o.claimed_at, CASE WHEN o.suspect THEN greatest(o.losses, 1::smallint) ELSE 0::smallint END
        """;
}
