namespace Messaging.Infrastructure.Store.Finish;

/// <summary>
/// The statements of a finish. All are fenced by (worker, claim_no) and use the primary key of open_tasks, rows in id order. For the ids that
/// stand <c>BETWEEN</c> themselves see docs/decisions/0043.
/// </summary>
public static class FinishSql
{
    /// <summary>
    /// Ends tasks well: takes the open row away and writes the outcome, both or neither. Says only how many were still ours: nearly always
    /// all of them. $5: the worker, if all share it. The time is that of the statement: a handler's own transaction may have begun long before.
    /// </summary>
    public const string Succeed = """
        WITH gone AS (
            DELETE FROM messaging.open_tasks o
            USING unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[]) AS f(id, worker, claim_no, result)
            WHERE o.id BETWEEN f.id AND f.id AND o.state = 3 AND o.worker = coalesce(f.worker, $5) AND o.claim_no = f.claim_no
            RETURNING o.id, o.worker, o.claim_no, o.claimed_at, o.attempt, f.result
        )
        INSERT INTO messaging.outcomes (task_id, worker, claim_no, started_at, finished_at, attempt, state, result)
        SELECT id, worker, claim_no, claimed_at, statement_timestamp(), attempt, 4, result FROM gone
        """;

    /// <summary>
    /// The same for runs of tasks whose ids follow each other ($1 and $2: the first and the last of each): what the outcomes say comes from the
    /// worker, only the number of open rows is compared. Unless all are still ours nothing happens: SQLSTATE <see cref="NotAllOurs"/>. $5 and
    /// $13: worker and attempt, if all share them. $12: how many tasks. See docs/decisions/0051.
    /// </summary>
    public const string SucceedAll = """
        WITH gone AS (
            DELETE FROM messaging.open_tasks o
            USING unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS r(first, last, worker, claim_no)
            WHERE o.id BETWEEN r.first AND r.last AND o.state = 3 AND o.worker = coalesce(r.worker, $5) AND o.claim_no = r.claim_no
            RETURNING 1
        )
        INSERT INTO messaging.outcomes (task_id, worker, claim_no, started_at, finished_at, attempt, state, result)
        SELECT f.id, coalesce(f.worker, $5), f.claim_no, f.started_at, statement_timestamp(), coalesce(f.attempt, $13), 4, f.result
        FROM unnest($6::uuid[], $7::uuid[], $8::bigint[], $9::timestamptz[], $10::integer[], $11::text[])
            AS f(id, worker, claim_no, started_at, attempt, result)
        WHERE messaging.all_ours((SELECT count(*) FROM gone), $12)
        """;

    /// <summary>SQLSTATE of <see cref="SucceedAll"/> when one of the tasks was not ours any more.</summary>
    public const string NotAllOurs = "MS001";

    /// <summary>Ends tasks otherwise: takes the open row away and writes the outcome and the history, all or nothing; answers the ids that were still ours.</summary>
    public const string End = """
        WITH gone AS (
            DELETE FROM messaging.open_tasks o
            USING unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::smallint[], $5::text[], $6::text[], $7::text[])
                AS f(id, worker, claim_no, state, failure, outcome, fingerprint)
            WHERE o.id BETWEEN f.id AND f.id AND o.state = 3 AND o.worker = f.worker AND o.claim_no = f.claim_no
            RETURNING f.id, f.worker, f.claim_no, f.state, f.failure, f.outcome, f.fingerprint, o.attempt, o.claimed_at
        ), history AS (
            INSERT INTO messaging.attempts (task_id, worker, claim_no, started_at, attempt, outcome, failure)
            SELECT id, worker, claim_no, claimed_at, attempt, outcome, failure FROM gone
        )
        INSERT INTO messaging.outcomes (task_id, worker, claim_no, started_at, attempt, state, failure, fingerprint)
        SELECT id, worker, claim_no, claimed_at, attempt, state, failure, fingerprint FROM gone
        RETURNING task_id, worker, claim_no
        """;

    /// <summary>
    /// Puts failed and snoozed attempts back to wait for the next run; the promoter queues them when they are due. A snooze spends no
    /// attempt. What ended an attempt in order is no suspect any more. A retry that would come after its task's deadline is left
    /// alone: the caller fails the task.
    /// </summary>
    public const string Retry = """
        WITH ours AS (
            SELECT o.id, o.attempt, o.claimed_at, f.worker, f.claim_no, f.delay_ms, f.outcome, f.failure
            FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
                AS f(id, worker, claim_no, delay_ms, outcome, failure)
            JOIN messaging.open_tasks o ON o.id BETWEEN f.id AND f.id
            WHERE o.state = 3 AND o.worker = f.worker AND o.claim_no = f.claim_no AND NOT o.cancel_requested
              AND (o.deadline_at IS NULL OR f.outcome = 'snoozed' OR now() + f.delay_ms * interval '1 millisecond' < o.deadline_at)
            FOR UPDATE OF o
        ), waiting AS (
            UPDATE messaging.open_tasks o
            SET state = 0, due_at = now() + ours.delay_ms * interval '1 millisecond', worker = NULL, claim_no = NULL, claimed_at = NULL,
                attempt = CASE ours.outcome WHEN 'snoozed' THEN o.attempt - 1 ELSE o.attempt END,
                suspect = false, losses = 0, charges = 0
            FROM ours
            WHERE o.id BETWEEN ours.id AND ours.id
        )
        INSERT INTO messaging.attempts (task_id, worker, claim_no, started_at, attempt, outcome, failure)
        SELECT id, worker, claim_no, claimed_at, attempt, outcome, failure FROM ours
        RETURNING task_id, worker, claim_no
        """;

    /// <summary>Gives claims back without spending the attempt. With a delay: scheduled. Without: queued, and the caller writes the outbox row.</summary>
    public const string HandBack = """
        UPDATE messaging.open_tasks o
        SET state = CASE WHEN f.delay_ms > 0 THEN 0 ELSE 2 END,
            due_at = CASE WHEN f.delay_ms > 0 THEN now() + f.delay_ms * interval '1 millisecond' END,
            queued_at = clock_timestamp(),
            worker = NULL, claim_no = NULL, claimed_at = NULL, attempt = o.attempt - 1
        FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) AS f(id, worker, claim_no, delay_ms)
        WHERE o.id BETWEEN f.id AND f.id AND o.state = 3 AND o.worker = f.worker AND o.claim_no = f.claim_no AND NOT o.cancel_requested
        RETURNING f.id, f.worker, f.claim_no
        """;

    /// <summary>
    /// Puts the given tasks into the outbox without an owner, one row per queue; those no longer queued are left out. They count as
    /// queued anew: a marker that is in front of the new copy must not judge them. Index: primary key of open_tasks, rows in id order.
    /// </summary>
    public const string Requeue = """
        WITH queued AS (
            UPDATE messaging.open_tasks o SET queued_at = clock_timestamp()
            FROM unnest($1::uuid[]) AS u(id)
            WHERE o.id BETWEEN u.id AND u.id AND o.state = 2
            RETURNING o.id, o.queue
        )
        INSERT INTO messaging.outbox (id, queue, task_ids)
        SELECT gen_random_uuid(), queue, array_agg(id ORDER BY id) FROM queued GROUP BY queue
        """;

    /// <summary>
    /// Why finishes were refused: recorded before under the same fence, called off, too late for
    /// another attempt, or simply not ours.
    /// Indexes: primary keys of outcomes and open_tasks.
    /// </summary>
    public const string WhyRefused = """
        SELECT f.id, f.worker, f.claim_no,
               EXISTS (SELECT FROM messaging.outcomes c WHERE c.task_id = f.id AND c.worker = f.worker AND c.claim_no = f.claim_no)
                   OR EXISTS (SELECT FROM messaging.attempts a WHERE a.task_id = f.id AND a.worker = f.worker AND a.claim_no = f.claim_no
                       AND a.outcome <> 'worker-lost') AS recorded,
               (SELECT o.cancel_requested FROM messaging.open_tasks o
                WHERE o.id = f.id AND o.state = 3 AND o.worker = f.worker AND o.claim_no = f.claim_no) AS ours_and_called_off
        FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS f(id, worker, claim_no)
        """;
}
