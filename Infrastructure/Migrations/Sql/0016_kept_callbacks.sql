-- Retention keeps a task also while a callback about it is on its way, or is a dead letter that waits for a person: the callback's content is the
-- task's. Otherwise as in 0005_reconcile.sql.
CREATE OR REPLACE FUNCTION messaging.retire_day(day date, finished interval, dead_letters interval, first_wait interval) RETURNS bigint
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
    SELECT task_id FROM messaging.unaccounted_tasks WHERE task_id >= low AND task_id < high
    UNION
    SELECT d.task_id FROM messaging.callback_deliveries d JOIN messaging.open_tasks o ON o.id = d.id WHERE d.task_id >= low AND d.task_id < high
    UNION
    SELECT d.task_id FROM messaging.callback_deliveries d JOIN messaging.outcomes c ON c.task_id = d.id
    WHERE d.task_id >= low AND d.task_id < high AND c.state = 5 AND c.discarded_at IS NULL AND c.finished_at > now() - dead_letters;
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

    -- A person may have retried what was not to be kept, or sent a callback about it again; whoever comes from here on waits for our locks and finds no outcome to retry.
    IF EXISTS (SELECT FROM messaging.open_tasks o WHERE o.id >= low AND o.id < high AND NOT EXISTS (SELECT FROM retire_kept k WHERE k.id = o.id))
        OR EXISTS (
            SELECT FROM messaging.callback_deliveries d JOIN messaging.open_tasks o ON o.id = d.id
            WHERE d.task_id >= low AND d.task_id < high AND NOT EXISTS (SELECT FROM retire_kept k WHERE k.id = d.task_id)) THEN
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
