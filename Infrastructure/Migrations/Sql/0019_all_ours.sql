-- Finishes of many tasks at once compare the number of open rows that they took away with the number of tasks. A difference undoes the whole
-- transaction; the worker then says each task by itself. STABLE: asked once a statement, not for each row.
CREATE FUNCTION messaging.all_ours(taken bigint, wanted bigint) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF taken <> wanted THEN
        RAISE EXCEPTION '% of % tasks are not this worker''s any more', wanted - taken, wanted USING ERRCODE = 'MS001';
    END IF;
    RETURN true;
END
$$;
