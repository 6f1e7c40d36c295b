-- The ledger. Two sorts of tables, and never a mixture:
--   big ones are insert-only and partitioned by day on the UUIDv7 id, so that old days are dropped whole;
--   narrow ones (open_tasks, outbox, workers) change in place and hold only what is unfinished.

-- What was asked. Inserted once, never updated.
CREATE TABLE messaging.tasks (
    id            uuid        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    timeout_ms    bigint      NOT NULL,
    max_attempts  integer     NOT NULL,
    kind          text        NOT NULL,
    queue         text        NOT NULL,
    input         text        NOT NULL,   -- JSON exactly as it was sent; text, because nothing queries inside
    run_at        timestamptz,            -- as asked for; null = at once
    tags          text[],
    trace_parent  text,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);

-- One narrow row while a task is unfinished. Every transition is a compare-and-set on this row.
-- No index may use state, worker, claim_no or attempt: claims and retries then stay heap-only (HOT) updates.
CREATE TABLE messaging.open_tasks (
    id               uuid     NOT NULL PRIMARY KEY,
    worker           uuid,
    claim_no         bigint,
    claimed_at       timestamptz,
    due_at           timestamptz,         -- set exactly while state = scheduled
    attempt          integer  NOT NULL DEFAULT 0,
    revision         integer  NOT NULL DEFAULT 0,
    state            smallint NOT NULL,   -- Messaging.Contracts.Tasks.TaskState: 0 scheduled, 1 waiting, 2 queued, 3 running
    cancel_requested boolean  NOT NULL DEFAULT false,
    suspect          boolean  NOT NULL DEFAULT false,
    queue            text     NOT NULL,
    CHECK ((state = 0) = (due_at IS NOT NULL)),
    CHECK ((state = 3) = (worker IS NOT NULL AND claim_no IS NOT NULL))
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX open_tasks_due ON messaging.open_tasks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX open_tasks_cancel ON messaging.open_tasks (id) WHERE cancel_requested;

-- How a task ended. The primary key makes a second result impossible.
CREATE TABLE messaging.outcomes (
    task_id     uuid        NOT NULL,
    worker      uuid,
    claim_no    bigint,
    started_at  timestamptz,              -- of the last attempt; null if it never started
    finished_at timestamptz NOT NULL DEFAULT now(),
    attempt     integer     NOT NULL,
    state       smallint    NOT NULL,     -- 4 succeeded, 5 failed, 6 cancelled, 7 expired
    result      text,
    failure     text,                     -- JSON of Messaging.Contracts.Tasks.TaskFailure
    PRIMARY KEY (task_id)
) PARTITION BY RANGE (task_id);
CREATE INDEX outcomes_unsuccessful ON messaging.outcomes (state, task_id) WHERE state <> 4;

-- Attempts that did not simply succeed.
CREATE TABLE messaging.attempts (
    task_id     uuid        NOT NULL,
    worker      uuid        NOT NULL,
    claim_no    bigint      NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT now(),
    attempt     integer     NOT NULL,
    outcome     text        NOT NULL,     -- failed | timed-out | cancelled | handed-back | worker-lost
    failure     text,
    PRIMARY KEY (task_id, claim_no, worker)
) PARTITION BY RANGE (task_id);

-- Progress reports of running tasks.
CREATE TABLE messaging.task_events (
    task_id     uuid        NOT NULL,
    seq         bigint      NOT NULL,     -- rises within a task: the claim's time in ms, then a counter
    at          timestamptz NOT NULL DEFAULT now(),
    percent     real        NOT NULL,
    message     text,
    PRIMARY KEY (task_id, seq)
) PARTITION BY RANGE (task_id);

CREATE TABLE messaging.task_tags (
    task_id uuid NOT NULL,
    tag     text NOT NULL,
    PRIMARY KEY (tag, task_id)
) PARTITION BY RANGE (task_id);

-- What must still be published: one row per (batch, queue). Deleted when the broker has confirmed all of it.
CREATE TABLE messaging.outbox (
    id         uuid        NOT NULL PRIMARY KEY,
    owner      uuid,                      -- the instance whose relay has the batch in memory; null = anybody may sweep it
    created_at timestamptz NOT NULL DEFAULT now(),
    queue      text        NOT NULL,
    task_ids   uuid[]      NOT NULL
) WITH (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);

CREATE INDEX outbox_unowned ON messaging.outbox (id) WHERE owner IS NULL;

-- One per process instance, producers (they own outbox rows) and consumers (they own claims too).
CREATE TABLE messaging.workers (
    id         uuid        NOT NULL PRIMARY KEY,
    beat       bigint      NOT NULL DEFAULT 0,   -- a counter, not a time: nobody's clock has to be right
    started_at timestamptz NOT NULL DEFAULT now(),
    beat_at    timestamptz NOT NULL DEFAULT now(),
    pid        integer     NOT NULL,
    slots      integer     NOT NULL,
    running    integer     NOT NULL DEFAULT 0,
    draining   boolean     NOT NULL DEFAULT false,
    role       text        NOT NULL,             -- producer | consumer
    host       text        NOT NULL,
    version    text        NOT NULL,
    queues     text[]      NOT NULL,
    kinds      text[]      NOT NULL
) WITH (fillfactor = 50);

-- The registered kinds, upserted by the workers that run them.
CREATE TABLE messaging.kinds (
    name               text        NOT NULL PRIMARY KEY,
    description        text        NOT NULL,
    queue              text        NOT NULL,
    input_schema       text        NOT NULL,
    result_schema      text        NOT NULL,
    timeout_ms         bigint      NOT NULL,
    max_attempts       integer     NOT NULL,
    first_retry_ms     bigint      NOT NULL,
    max_retry_ms       bigint      NOT NULL,
    mean_run_ms        real,                     -- measured by workers; null = not yet
    updated_at         timestamptz NOT NULL DEFAULT now()
);

-- The smallest UUIDv7 of a moment: the boundary between two partitions.
CREATE FUNCTION messaging.uuid_floor(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid $$;

-- Creates the missing daily partitions of all partitioned tables, from first_day on. Answers how many it made.
-- A partition is built aside and attached: that needs only a SHARE UPDATE EXCLUSIVE lock on the parent.
CREATE FUNCTION messaging.ensure_partitions(first_day date, days integer) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    parent text;
    day    date;
    child  text;
    made   integer := 0;
BEGIN
    FOR i IN 0 .. days - 1 LOOP
        day := first_day + i;
        FOREACH parent IN ARRAY ARRAY['tasks', 'outcomes', 'attempts', 'task_events', 'task_tags'] LOOP
            child := parent || '_' || to_char(day, 'YYYYMMDD');
            IF to_regclass('messaging.' || child) IS NULL THEN
                EXECUTE format('CREATE TABLE messaging.%I (LIKE messaging.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
                EXECUTE format(
                    'ALTER TABLE messaging.%I ATTACH PARTITION messaging.%I FOR VALUES FROM (%L) TO (%L)',
                    parent, child,
                    messaging.uuid_floor(day::timestamp AT TIME ZONE 'UTC'),
                    messaging.uuid_floor((day + 1)::timestamp AT TIME ZONE 'UTC'));
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

SELECT messaging.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1, 9);
