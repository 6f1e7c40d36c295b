-- Dead letters: tasks that failed for good (outcomes.state = 5), to be looked at, grouped, retried or discarded by people.

ALTER TABLE messaging.outcomes
    ADD COLUMN discarded_at timestamptz,      -- set when a person has put the dead letter away; it stays failed and readable
    ADD COLUMN fingerprint  text;             -- 16 hex digits, the same for failures of the same cause; set exactly while state = 5

-- The fingerprint of a failure that a statement wrote without one: all of a kind and code are alike.
CREATE FUNCTION messaging.fingerprint(kind text, code text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT left(encode(sha256(convert_to(kind || E'\n' || code, 'UTF8')), 'hex'), 16) $$;

-- The code is cut out of the text: a cast to jsonb would refuse a failure that quotes \u0000.
CREATE FUNCTION messaging.set_fingerprint() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.fingerprint := messaging.fingerprint(
        coalesce((SELECT t.kind FROM messaging.tasks t WHERE t.id = NEW.task_id), ''),
        coalesce(substring(NEW.failure FROM '"code"\s*:\s*"([^"\\]*)'), ''));
    RETURN NEW;
END
$$;

-- Workers compute a finer one from message and stack (ErrorFingerprint.cs). This is for every other writer, older versions of the workers
-- included. For all other rows it costs the condition.
CREATE TRIGGER outcomes_fingerprint BEFORE INSERT ON messaging.outcomes
FOR EACH ROW WHEN (NEW.state = 5 AND NEW.fingerprint IS NULL) EXECUTE FUNCTION messaging.set_fingerprint();

UPDATE messaging.outcomes c SET fingerprint = messaging.fingerprint(
    coalesce((SELECT t.kind FROM messaging.tasks t WHERE t.id = c.task_id), ''),
    coalesce(substring(c.failure FROM '"code"\s*:\s*"([^"\\]*)'), ''))
WHERE c.state = 5;

-- Both hold dead letters only: a task that succeeds touches neither.
CREATE INDEX outcomes_dead ON messaging.outcomes (finished_at, task_id) WHERE state = 5 AND discarded_at IS NULL;
CREATE INDEX outcomes_dead_fingerprint ON messaging.outcomes (fingerprint, finished_at, task_id) WHERE state = 5 AND discarded_at IS NULL;

-- Inputs as edited by people. tasks keeps what was asked first; the newest revision is what runs. Rare, so neither partitioned nor large.
CREATE TABLE messaging.task_revisions (
    task_id  uuid        NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    revision integer     NOT NULL,            -- from 1; open_tasks.revision names it
    input    text        NOT NULL,
    PRIMARY KEY (task_id, revision)
);

-- Operations on many dead letters: what was asked, and how far it is. The row is the whole truth: any producer can go on from it.
CREATE TABLE messaging.operations (
    id              uuid        NOT NULL PRIMARY KEY,
    worker          uuid,                     -- the instance that executes it; null = nobody
    created_at      timestamptz NOT NULL DEFAULT now(),   -- only what had failed before is taken
    started_at      timestamptz,
    finished_at     timestamptz,
    next_at         timestamptz,              -- with a pace: not before
    cursor_at       timestamptz NOT NULL DEFAULT '-infinity',
    cursor_id       uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    total           bigint      NOT NULL,     -- matching when it was accepted, as far as was counted
    done            bigint      NOT NULL DEFAULT 0,
    skipped         bigint      NOT NULL DEFAULT 0,
    failed          bigint      NOT NULL DEFAULT 0,
    rate_per_second integer,                  -- null = as fast as it goes
    state           smallint    NOT NULL DEFAULT 0,       -- 0 pending, 1 running, 2 finished, 3 stopped
    total_is_exact  boolean     NOT NULL,
    action          text        NOT NULL,     -- retry | discard
    reason          text,
    error           text,                     -- why the last dead letter that could not be moved could not
    kind            text,
    queue           text,
    fingerprint     text,
    tag             text,
    finished_after  timestamptz,
    finished_before timestamptz
) WITH (fillfactor = 50);
CREATE INDEX operations_open ON messaging.operations (id) WHERE finished_at IS NULL;
