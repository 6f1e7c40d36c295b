-- Live events.

-- True while a producer has event streams open; said with its heartbeat, and with theirs the others learn of it.
ALTER TABLE messaging.workers ADD COLUMN listening boolean NOT NULL DEFAULT false;

-- What ended, and what was reported, since a moment. Rows are appended in the order of these times, so the smallest index there is will do:
-- an insert only looks whether its pages are summarized yet. Days to come get it with their partitions; of the present ones only those that
-- are quickly read, since building it keeps writers out. Without it a day is read whole.
CREATE INDEX outcomes_finished ON ONLY messaging.outcomes USING brin (finished_at) WITH (pages_per_range = 128, autosummarize = on);
CREATE INDEX task_events_at ON ONLY messaging.task_events USING brin (at) WITH (pages_per_range = 128, autosummarize = on);

DO $$
DECLARE
    child record;
BEGIN
    FOR child IN
        SELECT p.relname AS parent, c.relname AS name, c.oid
        FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
        WHERE p.oid IN ('messaging.outcomes'::regclass, 'messaging.task_events'::regclass)
    LOOP
        CONTINUE WHEN pg_relation_size(child.oid) > 64 * 1024 * 1024;
        EXECUTE format('CREATE INDEX %I ON messaging.%I USING brin (%I) WITH (pages_per_range = 128, autosummarize = on)',
            child.name || '_time', child.name, CASE child.parent WHEN 'outcomes' THEN 'finished_at' ELSE 'at' END);
        EXECUTE format('ALTER INDEX messaging.%I ATTACH PARTITION messaging.%I',
            CASE child.parent WHEN 'outcomes' THEN 'outcomes_finished' ELSE 'task_events_at' END, child.name || '_time');
    END LOOP;
END
$$;
