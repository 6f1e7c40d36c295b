namespace Messaging.Infrastructure.Maintenance;

/// <summary>The statements of a rescue: one transaction, in this order.</summary>
public static class RescueSql
{
    /// <summary>
    /// The compare-and-set that decides which of several rescuers does it, and that a heartbeat coming in between wins.
    /// Index: primary key of workers.
    /// </summary>
    public const string DeclareDead = "DELETE FROM messaging.workers WHERE id = $1 AND beat = $2";

    /// <summary>After this many deaths of a worker on which a task was the only suspect, the task is a dead letter.</summary>
    public const int Charges = 3;

    /// <summary>
    /// Ends the task that was the only suspect on a dead instance and was so twice before: another run would kill the next one.
    /// Answers which. Reads open_tasks whole, like <see cref="QueueAgain"/>.
    /// </summary>
    public const string DeadLetter = """
        WITH gone AS (
            DELETE FROM messaging.open_tasks o
            WHERE o.state = 3 AND o.worker = $1 AND o.suspect AND NOT o.cancel_requested AND o.charges >= 2
              AND (SELECT count(*) FROM messaging.open_tasks s WHERE s.state = 3 AND s.worker = $1 AND s.suspect) = 1
            RETURNING o.id, o.worker, o.claim_no, o.claimed_at, o.attempt, o.charges + 1 AS charges, o.losses + 1 AS losses
        ), judged AS (
            SELECT *, format(
                '{"code":"worker-lost","message":"Its worker died %s times while it ran, the last %s times with no other suspect on it.","retryable":false}',
                losses, charges) AS failure
            FROM gone
        ), told AS (
            INSERT INTO messaging.attempts (task_id, worker, claim_no, started_at, attempt, outcome, failure)
            SELECT id, worker, claim_no, claimed_at, attempt, 'worker-lost', failure FROM judged
        )
        INSERT INTO messaging.outcomes (task_id, worker, claim_no, started_at, attempt, state, failure)
        SELECT id, worker, claim_no, claimed_at, attempt, 5, failure FROM judged
        RETURNING task_id
        """;

    /// <summary>
    /// Queues the claims of a dead instance again, spends no attempt, writes an attempt "worker-lost" each, and outbox rows without an
    /// owner, at most 500 tasks a row. If it died ($2), they are suspects from now on, and one that was the only suspect already is charged with
    /// it; claims that an instance merely left behind say nothing. Reads open_tasks whole: an index on worker would make every claim dearer.
    /// </summary>
    public const string QueueAgain = """
        WITH lost AS (
            SELECT id, worker, claim_no, claimed_at, attempt,
                   ($2 AND suspect AND (SELECT count(*) FROM messaging.open_tasks s WHERE s.state = 3 AND s.worker = $1 AND s.suspect) = 1)::integer AS charge
            FROM messaging.open_tasks
            WHERE state = 3 AND worker = $1 AND NOT cancel_requested
            FOR UPDATE
        ), queued AS (
            UPDATE messaging.open_tasks o
            SET state = 2, queued_at = clock_timestamp(), worker = NULL, claim_no = NULL, claimed_at = NULL, attempt = o.attempt - 1,
                suspect = o.suspect OR $2, losses = o.losses + $2::integer, charges = o.charges + lost.charge
            FROM lost WHERE o.id = lost.id
            RETURNING o.id, o.queue
        ), told AS (
            INSERT INTO messaging.attempts (task_id, worker, claim_no, started_at, attempt, outcome)
            SELECT id, worker, claim_no, claimed_at, attempt, 'worker-lost' FROM lost
        ), rows AS (
            SELECT queue, id, (row_number() OVER (PARTITION BY queue ORDER BY id) - 1) / 500 AS part FROM queued
        ), outboxed AS (
            INSERT INTO messaging.outbox (id, queue, task_ids)
            SELECT gen_random_uuid(), queue, array_agg(id ORDER BY id) FROM rows GROUP BY queue, part
        )
        SELECT count(*) FROM queued
        """;

    /// <summary>What was called off while a dead instance ran it is cancelled now.</summary>
    public const string Cancel = """
        WITH gone AS (
            DELETE FROM messaging.open_tasks WHERE state = 3 AND worker = $1 AND cancel_requested
            RETURNING id, worker, claim_no, claimed_at, attempt
        )
        INSERT INTO messaging.outcomes (task_id, worker, claim_no, started_at, attempt, state, failure)
        SELECT id, worker, claim_no, claimed_at, attempt, 6,
            '{"code":"cancelled","message":"Cancelled; the worker that ran it was lost.","retryable":false}'
        FROM gone
        """;

    /// <summary>What the dead instance's relay held is anybody's.</summary>
    public const string DisownOutbox = "UPDATE messaging.outbox SET owner = NULL WHERE owner = $1";

    /// <summary>Claims in the name of instances without a row: committed by a process after it had been declared dead.</summary>
    public const string FindOrphans = """
        SELECT DISTINCT o.worker FROM messaging.open_tasks o
        WHERE o.state = 3 AND NOT EXISTS (SELECT FROM messaging.workers w WHERE w.id = o.worker)
        """;
}
