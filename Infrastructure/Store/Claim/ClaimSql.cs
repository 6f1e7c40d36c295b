namespace Messaging.Infrastructure.Store.Claim;

/// <summary>The statements of a claim.</summary>
public static class ClaimSql
{
    /// <summary>
    /// The compare-and-set that decides who runs a task, for runs of tasks whose ids follow each other ($1 and $2: the first and the last of each).
    /// A claim of ours that was committed although its answer was lost is found again by its fence. What is past its deadline is not to be had.
    /// Answers with the place of the run in the arrays, from 1, and those of its tasks that were to be had, in one row for all that are alike.
    /// $5: the worker, if all runs share it. Index: primary key of open_tasks, rows in id order; a heap-only update, no index is touched.
    /// See docs/decisions/0043 and 0051.
    /// </summary>
    public const string Claim = """
        WITH claimed AS (
            UPDATE messaging.open_tasks o
            SET state = 3,
                worker = coalesce(r.worker, $5),
                claim_no = r.claim_no,
                claimed_at = CASE WHEN o.state = 2 THEN now() ELSE o.claimed_at END,
                attempt = CASE WHEN o.state = 2 THEN o.attempt + 1 ELSE o.attempt END
            FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) WITH ORDINALITY AS r(first, last, worker, claim_no, place)
            WHERE o.id BETWEEN r.first AND r.last
              AND ((o.state = 2 AND (o.deadline_at IS NULL OR o.deadline_at > now()))
                OR (o.state = 3 AND o.worker = coalesce(r.worker, $5) AND o.claim_no = r.claim_no))
            RETURNING r.place, o.id, o.attempt, o.revision, o.claimed_at,
                CASE WHEN o.suspect THEN greatest(o.losses, 1::smallint) ELSE 0::smallint END AS losses
        )
        SELECT place, attempt, revision, claimed_at, losses, array_agg(id) FROM claimed GROUP BY place, attempt, revision, claimed_at, losses
        """;
}
