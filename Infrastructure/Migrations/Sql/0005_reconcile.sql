-- When a task last came into state queued, or was put into the outbox again. Never indexed. Two steps: the first default is evaluated
-- once and rewrites no row; the second is the moment of the insert, not the begin of a caller's long transaction.
ALTER TABLE messaging.open_tasks ADD COLUMN queued_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE messaging.open_tasks ALTER COLUMN queued_at SET DEFAULT clock_timestamp();

-- What a worker has in its hands. '-infinity': it has not said yet, or is of a version that never does; null: nothing.
ALTER TABLE messaging.workers
    ADD COLUMN holding_since timestamptz DEFAULT '-infinity',  -- when it received the oldest delivery that is not decided
    ADD COLUMN returned_at   timestamptz;                      -- when deliveries last went back to the broker undecided

-- Markers on their way through the task queues, until they are judged.
CREATE TABLE messaging.markers (
    id          uuid        NOT NULL PRIMARY KEY,
    sent_at     timestamptz NOT NULL DEFAULT now(),
    cutoff      timestamptz NOT NULL,    -- every task queued before was published before the marker
    received_at timestamptz,             -- at a worker
    consumed_at timestamptz,             -- when that was recorded
    resends     integer     NOT NULL,    -- how many markers of this queue before it are still missing
    queue       text        NOT NULL,
    workers     uuid[]                   -- who listened on the queue when it was consumed
);

-- The last comparison of the ledger with itself: one row.
CREATE TABLE messaging.ledger_check (
    one            boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    checked_at     timestamptz,
    checked_by     uuid,
    recent         uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',  -- every task before has been looked at once
    patrol         uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',  -- where the second look goes on
    accepted       bigint      NOT NULL DEFAULT 0,   -- tasks before recent
    ended          bigint      NOT NULL DEFAULT 0,   -- of these
    scheduled      bigint      NOT NULL DEFAULT 0,
    waiting        bigint      NOT NULL DEFAULT 0,
    queued         bigint      NOT NULL DEFAULT 0,
    running        bigint      NOT NULL DEFAULT 0,
    unaccounted    bigint      NOT NULL DEFAULT 0,
    overdue        bigint      NOT NULL DEFAULT 0,
    orphans        bigint      NOT NULL DEFAULT 0,
    outbox_rows    bigint      NOT NULL DEFAULT 0,
    outbox_lag_ms  bigint      NOT NULL DEFAULT 0,
    duration_ms    bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO messaging.ledger_check DEFAULT VALUES;

-- Accepted tasks that are neither open nor ended. Looked at again at each check; a row leaves when its task turns up.
CREATE TABLE messaging.unaccounted_tasks (
    task_id  uuid        NOT NULL PRIMARY KEY,
    found_at timestamptz NOT NULL DEFAULT now()
);

-- What was repaired since the ledger began, by sort.
CREATE TABLE messaging.ledger_repairs (
    sort     text        NOT NULL PRIMARY KEY,
    repaired bigint      NOT NULL,
    last_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- Whose turn it is: work that one process at a time does, whoever comes first after next_at.
CREATE TABLE messaging.turns (
    work    text        NOT NULL PRIMARY KEY,
    next_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);
INSERT INTO messaging.turns (work) VALUES ('check'), ('markers'), ('retention');

-- The tables that are partitioned by day, tasks first, with the column that holds a task's id. From the catalog: whoever adds such a
-- table needs to name it nowhere else.
CREATE FUNCTION messaging.partitioned_tables() RETURNS TABLE (name text, id_column text)
LANGUAGE sql STABLE
AS $$
    SELECT c.relname::text, a.attname::text
    FROM pg_partitioned_table p
    JOIN pg_class c ON c.oid = p.partrelid
    JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE c.relnamespace = 'messaging'::regnamespace
    ORDER BY c.relname <> 'tasks', c.relname
$$;

CREATE FUNCTION messaging.day_floor(day date) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT messaging.uuid_floor(day::timestamp AT TIME ZONE 'UTC') $$;

CREATE OR REPLACE FUNCTION messaging.ensure_partitions(first_day date, days integer) RETURNS integer
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
        FOR parent IN SELECT name FROM messaging.partitioned_tables() LOOP
            child := parent || '_' || to_char(day, 'YYYYMMDD');
            IF to_regclass('messaging.' || child) IS NULL THEN
                EXECUTE format('CREATE TABLE messaging.%I (LIKE messaging.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
                EXECUTE format(
                    'ALTER TABLE messaging.%I ATTACH PARTITION messaging.%I FOR VALUES FROM (%L) TO (%L)',
                    parent, child, messaging.day_floor(day), messaging.day_floor(day + 1));
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

-- Retires a day: what must be kept of it moves into small partitions of the same range, the old ones are dropped whole. Answers how many
-- tasks were kept; null: nothing was to be done. Everything in one transaction, and nobody waits for it longer than first_wait plus a
-- moment: the parents are locked one after the other, the first with patience, the others without, because from then on others may
-- wait for us. All waiting together stays below deadlock_timeout, so it is always this that gives up (55P03), never somebody else.
CREATE FUNCTION messaging.retire_day(day date, finished interval, dead_letters interval, first_wait interval) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    low    uuid := messaging.day_floor(day);
    high   uuid := messaging.day_floor(day + 1);
    suffix text := '_' || to_char(day, 'YYYYMMDD');
    tasks  text := 'tasks' || suffix;
    parent record;
    kept   bigint;
    stored bigint;
BEGIN
    IF to_regclass('messaging.' || tasks) IS NULL THEN
        RETURN NULL;
    END IF;

    -- What is kept: open tasks, what ended a short while ago (it may have waited for weeks), young dead letters that nobody has put away, what is unaccounted.
    -- Nothing is accepted into a day that is past, so this can only shrink, but for a person's retry, which is looked for below.
    DROP TABLE IF EXISTS pg_temp.retire_kept;
    CREATE TEMP TABLE retire_kept (id uuid PRIMARY KEY, version xid) ON COMMIT DROP;
    INSERT INTO retire_kept (id)
    SELECT id FROM messaging.open_tasks WHERE id >= low AND id < high
    UNION
    SELECT task_id FROM messaging.outcomes
    WHERE task_id >= low AND task_id < high AND (finished_at > now() - finished OR (state = 5 AND discarded_at IS NULL AND finished_at > now() - dead_letters))
    UNION
    SELECT task_id FROM messaging.unaccounted_tasks WHERE task_id >= low AND task_id < high;
    SELECT count(*) INTO kept FROM retire_kept;

    -- Retired before: only when most of what was kept may go.
    IF obj_description(to_regclass('messaging.' || tasks), 'pg_class') = 'retired' THEN
        EXECUTE format('SELECT count(*) FROM messaging.%I', tasks) INTO stored;
        IF kept > 0 AND kept * 2 > stored THEN
            RETURN NULL;
        END IF;
    END IF;

    -- Beforehand, without a lock: tasks and tags are written once, at the submit. The version tells if a task was changed after all.
    IF kept > 0 THEN
        FOR parent IN SELECT * FROM messaging.partitioned_tables() LOOP
            CONTINUE WHEN to_regclass('messaging.' || parent.name || suffix) IS NULL;
            EXECUTE format('CREATE TABLE messaging.%I (LIKE messaging.%I INCLUDING ALL)', parent.name || suffix || '_kept', parent.name || suffix);
            IF parent.name = 'tasks' THEN
                EXECUTE format('UPDATE retire_kept k SET version = c.xmin FROM messaging.%I c WHERE c.id = k.id', tasks);
            END IF;
            IF parent.name IN ('tasks', 'task_tags') THEN
                EXECUTE format('INSERT INTO messaging.%I SELECT c.* FROM retire_kept k JOIN messaging.%I c ON c.%I = k.id',
                    parent.name || suffix || '_kept', parent.name || suffix, parent.id_column);
            END IF;
        END LOOP;
        ANALYZE retire_kept;
    END IF;

    PERFORM set_config('lock_timeout', (extract(epoch FROM first_wait) * 1000)::bigint::text, true);
    FOR parent IN SELECT * FROM messaging.partitioned_tables() LOOP
        EXECUTE format('LOCK TABLE ONLY messaging.%I IN ACCESS EXCLUSIVE MODE', parent.name);
        PERFORM set_config('lock_timeout', '100', true);
    END LOOP;

    -- A person may have retried what was not to be kept; whoever comes from here on waits for our locks and finds no outcome to retry.
    IF EXISTS (SELECT FROM messaging.open_tasks o WHERE o.id >= low AND o.id < high AND NOT EXISTS (SELECT FROM retire_kept k WHERE k.id = o.id)) THEN
        RAISE EXCEPTION 'a task of that day was opened again meanwhile' USING ERRCODE = 'lock_not_available';
    END IF;

    FOR parent IN SELECT * FROM messaging.partitioned_tables() LOOP
        CONTINUE WHEN to_regclass('messaging.' || parent.name || suffix) IS NULL;
        IF kept > 0 THEN
            IF parent.name = 'tasks' THEN
                EXECUTE format('DELETE FROM messaging.%I a USING retire_kept k WHERE a.id = k.id '
                    'AND NOT EXISTS (SELECT FROM messaging.%I c WHERE c.id = k.id AND c.xmin = k.version)', tasks || '_kept', tasks);
                EXECUTE format('INSERT INTO messaging.%I SELECT c.* FROM retire_kept k JOIN messaging.%I c ON c.id = k.id WHERE c.xmin <> k.version',
                    tasks || '_kept', tasks);
            ELSIF parent.name = 'task_tags' THEN
                EXECUTE format('DELETE FROM messaging.%I a WHERE NOT EXISTS (SELECT FROM messaging.%I t WHERE t.id = a.task_id)',
                    parent.name || suffix || '_kept', tasks);
            ELSE
                EXECUTE format('INSERT INTO messaging.%I SELECT c.* FROM retire_kept k JOIN messaging.%I c ON c.%I = k.id',
                    parent.name || suffix || '_kept', parent.name || suffix, parent.id_column);
            END IF;
        END IF;
    END LOOP;

    FOR parent IN SELECT * FROM messaging.partitioned_tables() LOOP
        CONTINUE WHEN to_regclass('messaging.' || parent.name || suffix) IS NULL;
        EXECUTE format('ALTER TABLE messaging.%I DETACH PARTITION messaging.%I', parent.name, parent.name || suffix);
        EXECUTE format('DROP TABLE messaging.%I', parent.name || suffix);
        IF kept > 0 THEN
            EXECUTE format('ALTER TABLE messaging.%I RENAME TO %I', parent.name || suffix || '_kept', parent.name || suffix);
            EXECUTE format('ALTER TABLE messaging.%I ATTACH PARTITION messaging.%I FOR VALUES FROM (%L) TO (%L)',
                parent.name, parent.name || suffix, low, high);
            EXECUTE format('COMMENT ON TABLE messaging.%I IS %L', parent.name || suffix, 'retired');
        END IF;
    END LOOP;
    DELETE FROM messaging.task_revisions r
    WHERE r.task_id >= low AND r.task_id < high AND NOT EXISTS (SELECT FROM retire_kept k WHERE k.id = r.task_id);
    RETURN kept;
END
$$;

-- Removes a finished task with all that belongs to it. False: it has no outcome, so nothing was changed.
CREATE FUNCTION messaging.remove_task(removed uuid) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    parent record;
BEGIN
    -- The compare-and-set: of two that take a task out of its final state, one finds the row.
    DELETE FROM messaging.outcomes WHERE task_id = removed;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- The primary key of task_tags begins with the tag.
    DELETE FROM messaging.task_tags
    WHERE task_id = removed AND tag IN (SELECT unnest(t.tags) FROM messaging.tasks t WHERE t.id = removed);
    FOR parent IN SELECT * FROM messaging.partitioned_tables() WHERE name NOT IN ('outcomes', 'task_tags') LOOP
        EXECUTE format('DELETE FROM messaging.%I WHERE %I = $1', parent.name, parent.id_column) USING removed;
    END LOOP;
    DELETE FROM messaging.task_revisions WHERE task_id = removed;
    RETURN true;
END
$$;
