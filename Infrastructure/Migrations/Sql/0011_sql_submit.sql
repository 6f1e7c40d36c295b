-- Tasks submitted by SQL, in the caller's own transaction: messaging.submit(kind, input, options). docs/sql.md

-- What producers are set to, for what runs without one. Written at their start.
CREATE TABLE messaging.settings (
    name  text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

-- Since when somebody has been submitting without having committed, to the minute before; null: nobody is. Whoever submits by SQL holds a
-- shared advisory lock (7021802, minutes since 1970) to the end of his transaction, a prepared one included, and everybody may look at locks.
CREATE FUNCTION messaging.submitting_since() RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
    SELECT to_timestamp(min(l.objid::bigint) * 60)
    FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = 7021802 AND l.objsubid = 2
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
$$;

-- The canonical form of a request, byte for byte that of RequestFingerprint.cs: the same request is the same by every door.
CREATE FUNCTION messaging.canonical(number bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN number IS NULL THEN decode('000000000000000000', 'hex') ELSE decode('01', 'hex') || int8send(number) END $$;

CREATE FUNCTION messaging.canonical(txt text) RETURNS bytea
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN txt IS NULL THEN messaging.canonical(NULL::bigint)
                ELSE messaging.canonical(octet_length(txt)::bigint) || convert_to(txt, 'UTF8') END
$$;

-- Members are in the order of their names' UTF-16 units: bytes of UTF-8, but that U+E000 to U+FFFF (EE, EF) come after what lies above (F0 to F4).
CREATE FUNCTION messaging.canonical(value json) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    canon bytea;
BEGIN
    CASE json_typeof(value)
    WHEN 'object' THEN
        SELECT decode('01', 'hex') || messaging.canonical(count(*))
            || coalesce(string_agg(messaging.canonical(m.name) || messaging.canonical(m.val), decode('', 'hex') ORDER BY m.place, m.n), decode('', 'hex'))
        INTO canon
        FROM (SELECT e.key AS name, e.value AS val, e.n,
                     translate(convert_from(convert_to(e.key, 'UTF8'), 'LATIN1'), chr(238) || chr(239), chr(254) || chr(255)) COLLATE "C" AS place
              FROM json_each(value) WITH ORDINALITY AS e(key, value, n)) m;
        RETURN canon;
    WHEN 'array' THEN
        SELECT decode('02', 'hex') || messaging.canonical(count(*))
            || coalesce(string_agg(messaging.canonical(e.val), decode('', 'hex') ORDER BY e.n), decode('', 'hex'))
        INTO canon
        FROM json_array_elements(value) WITH ORDINALITY AS e(val, n);
        RETURN canon;
    WHEN 'string' THEN
        RETURN decode('03', 'hex') || messaging.canonical(value #>> '{}');
    WHEN 'number' THEN
        RETURN decode('04', 'hex') || messaging.canonical(btrim(value::text, E' \t\n\r'));
    WHEN 'boolean' THEN
        RETURN CASE WHEN btrim(value::text, E' \t\n\r') = 'true' THEN decode('05', 'hex') ELSE decode('06', 'hex') END;
    ELSE
        RETURN decode('07', 'hex');
    END CASE;
END
$$;

-- How many UTF-16 units a text has: what limits on names count in.
CREATE FUNCTION messaging.utf16_length(txt text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT length(txt) + octet_length(regexp_replace(txt, '[\u0001-\uFFFF]', '', 'g')) / 4 $$;

-- A duration in ticks of 100 ns: ISO 8601 as over HTTP (PT1M30S, P1DT2H, P2W), or an interval as Postgres writes it, without months. Null:
-- neither.
CREATE FUNCTION messaging.ticks_of_duration(txt text) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    p text[] := regexp_match(txt, '^(-?)P(?:(\d{1,18})W|(?=\d|T\d)(?:(\d{1,18})D)?(?:T(?=\d)(?:(\d{1,18})H)?(?:(\d{1,18})M)?(?:(\d{1,18})(?:\.(\d+))?S)?)?)$');
    i interval;
BEGIN
    IF p IS NOT NULL AND length(txt) <= 64 THEN
        RETURN (CASE p[1] WHEN '-' THEN -1 ELSE 1 END)
            * ((coalesce(p[2]::numeric, 0) * 604800 + coalesce(p[3]::numeric, 0) * 86400 + coalesce(p[4]::numeric, 0) * 3600
                + coalesce(p[5]::numeric, 0) * 60 + coalesce(p[6]::numeric, 0)) * 10000000 + rpad(left(coalesce(p[7], '0'), 7), 7, '0')::numeric);
    END IF;
    -- A bare number is no duration: nobody knows of what. ISO 8601 is read above or not at all.
    IF txt !~ '[a-zA-Z:]' OR txt ~ '^-?P' OR length(txt) > 64 THEN
        RETURN NULL;
    END IF;
    BEGIN
        i := txt::interval;
    EXCEPTION WHEN data_exception THEN
        RETURN NULL;
    END;
    RETURN CASE WHEN extract(year FROM i) = 0 AND extract(month FROM i) = 0 THEN trunc(extract(epoch FROM i) * 10000000) END;
END
$$;

-- An RFC 3339 time in ticks of 100 ns since the year 1. Null: it is none.
CREATE FUNCTION messaging.ticks_of_time(txt text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    p text[] := regexp_match(txt, '^(\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d)(?:\.(\d{1,16}))?(Z|[+-]\d\d:\d\d)$');
BEGIN
    RETURN (extract(epoch FROM (p[1] || p[3])::timestamptz) + 62135596800) * 10000000 + rpad(left(coalesce(p[2], '0'), 7), 7, '0')::bigint;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;

CREATE FUNCTION messaging.time_of_ticks(ticks numeric) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT timestamptz '1970-01-01 00:00:00Z' + trunc((ticks - 621355968000000000) / 10000) * interval '1 millisecond' $$;

-- Refuses a submit. What a program may decide by: SQLSTATE, the constraint's name (a problem type of docs/problems.md, without its prefix) and
-- the column's (the option).
CREATE FUNCTION messaging.refuse_submit(problem text, state text, message text, hint text DEFAULT '', option text DEFAULT '') RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF hint = '' THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state, CONSTRAINT = problem, COLUMN = option, SCHEMA = 'messaging';
    END IF;
    RAISE EXCEPTION '%', message USING ERRCODE = state, HINT = hint, CONSTRAINT = problem, COLUMN = option, SCHEMA = 'messaging';
END
$$;

-- Submits a task in the current transaction and answers its id: it is there when the transaction commits, and was never there if it does not.
-- Runs with the rights of its owner, so that a caller needs none on our tables.
CREATE FUNCTION messaging.submit(kind text, input text, options text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on
AS $$
#variable_conflict use_variable
DECLARE
    most_inline  CONSTANT integer := 262144;
    most_depth   CONSTANT integer := 64;
    year         CONSTANT numeric := 366 * 864000000000::numeric;
    known_names  CONSTANT text[] := ARRAY['queue', 'delay', 'runAt', 'timeout', 'deadline', 'maxAttempts', 'tags', 'idempotencyKey', 'traceParent'];
    later_names  CONSTANT text[] := ARRAY['priority', 'key', 'dependsOn', 'callback'];
    moment       timestamptz;
    opts         json;
    now_ticks    numeric;
    id           uuid;
    defaults     record;
    given        json;
    seen         text[] := '{}';
    name         text;
    val          json;
    sort         text;
    txt          text;
    brackets     text;
    depth        integer;
    fault        text;
    place        text;
    own_queue    text;
    delay_ticks  numeric;
    run_ticks    numeric;
    timeout_ticks numeric;
    deadline_ticks numeric;
    attempts     integer;
    own_tags     text[];
    idem_key     text;
    trace        text;
    fingerprint  uuid;
    holder       record;
    run_at       timestamptz;
    deadline     timestamptz;
    queue        text;
BEGIN
    IF kind IS NULL THEN
        PERFORM messaging.refuse_submit('invalid-request', '22004', 'A task has a kind; it is null.');
    ELSIF kind = 'messaging.callback' THEN
        PERFORM messaging.refuse_submit('invalid-value', '22023', '''messaging.callback'' is made by the ledger alone.',
            'To be told of a task''s end, give the task a callback (over HTTP or AMQP).');
    ELSIF input IS NULL THEN
        PERFORM messaging.refuse_submit('invalid-request', '22004', 'A task has an input; it is null.', 'Give ''{}'' if the kind needs none.');
    ELSIF octet_length(input) > most_inline THEN
        PERFORM messaging.refuse_submit('too-large', '54000',
            format('The input has %s bytes; by SQL a task may have %s.', octet_length(input), most_inline),
            'Upload what is large as a file (POST /v1/files) and give the task its id, or submit over HTTP, which takes 16 MiB.');
    END IF;

    -- The input: JSON, and nothing in it that a handler could not read. Its schema is judged by the worker.
    BEGIN
        given := input::json;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
        GET STACKED DIAGNOSTICS fault = PG_EXCEPTION_DETAIL, place = PG_EXCEPTION_CONTEXT;
        PERFORM messaging.refuse_submit('malformed-json', '22032', format('The input is not JSON. %s', fault), split_part(place, E'\n', 1));
    END;
    IF strpos(input, '\u') > 0 THEN
        txt := replace(input, '\\', '');
        IF strpos(txt, '\u0000') > 0 THEN
            PERFORM messaging.refuse_submit('invalid-input', '22023', 'The input holds an escaped NUL (\u0000), which databases and other receivers can''t hold.',
                'Send binary data in base64, or as a file.');
        ELSIF txt ~* '\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f]' THEN
            PERFORM messaging.refuse_submit('invalid-input', '22023', 'The input holds half a surrogate pair, which is no character.');
        END IF;
    END IF;
    IF length(input) - length(translate(input, '[{', '')) > most_depth THEN
        brackets := regexp_replace(regexp_replace(input, '"(?:[^"\\]|\\.)*"', '', 'g'), '[^][{}]', '', 'g');
        SELECT max(b.level) INTO depth
        FROM (SELECT sum(CASE WHEN c IN ('[', '{') THEN 1 ELSE -1 END) OVER (ORDER BY n) AS level
              FROM regexp_split_to_table(brackets, '') WITH ORDINALITY AS s(c, n)) b;
        IF depth > most_depth THEN
            PERFORM messaging.refuse_submit('invalid-input', '22023', format('The input is nested %s deep; at most %s are read.', depth, most_depth));
        END IF;
    END IF;

    -- The options.
    IF options IS NOT NULL THEN
        BEGIN
            opts := options::json;
        EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
            GET STACKED DIAGNOSTICS fault = PG_EXCEPTION_DETAIL, place = PG_EXCEPTION_CONTEXT;
            PERFORM messaging.refuse_submit('malformed-json', '22032', format('The options are not JSON. %s', fault), split_part(place, E'\n', 1));
        END;
        IF json_typeof(opts) <> 'object' THEN
            PERFORM messaging.refuse_submit('invalid-request', '22023', format('The options are an object, not of type %s.', json_typeof(opts)),
                'For example {"queue": "mail", "delay": "PT5M"}.');
        END IF;
        FOR name, val IN SELECT e.key, e.value FROM json_each(opts) e LOOP
            sort := json_typeof(val);
            txt := CASE WHEN sort = 'string' THEN val #>> '{}' END;
            IF name = ANY (later_names) THEN
                PERFORM messaging.refuse_submit('not-built-yet', '0A000', format('The option ''%s'' is not there by SQL yet, so it is refused rather than ignored.', name), '', name);
            ELSIF name <> ALL (known_names) THEN
                PERFORM messaging.refuse_submit('invalid-request', '22023', format('Unknown option ''%s''.', left(name, 100)),
                    coalesce((SELECT format('Did you mean ''%s''? ', k) FROM unnest(known_names) k WHERE lower(replace(k, '_', '')) = lower(replace(replace(name, '_', ''), '-', ''))), '')
                    || format('The options are %s.', array_to_string(known_names, ', ')), left(name, 60));
            ELSIF name = ANY (seen) THEN
                PERFORM messaging.refuse_submit('invalid-request', '22023', format('The option ''%s'' is given more than once.', name), '', name);
            ELSIF sort <> (CASE name WHEN 'maxAttempts' THEN 'number' WHEN 'tags' THEN 'array' ELSE 'string' END) THEN
                PERFORM messaging.refuse_submit('invalid-request', '22023',
                    format('The option ''%s'' must be %s, not %s.', name, CASE name WHEN 'maxAttempts' THEN 'a whole number' WHEN 'tags' THEN 'an array of strings' ELSE 'a string' END, sort),
                    CASE WHEN sort = 'null' THEN 'Leave out what is not wanted, for example by jsonb_strip_nulls(…).'
                         WHEN name IN ('delay', 'timeout') THEN 'A duration is written PT30S, or 30 seconds.' ELSE '' END, name);
            END IF;
            seen := seen || name;
            fault := NULL;
            CASE name
            WHEN 'queue' THEN
                own_queue := txt;
                IF txt !~ '^[a-z0-9][a-z0-9_-]{0,59}$' THEN
                    fault := format('''%s'' is not 1 to 60 characters of a-z, 0-9, ''-'' and ''_'', beginning with a letter or digit.', left(txt, 100));
                END IF;
            WHEN 'delay', 'timeout' THEN
                delay_ticks := CASE name WHEN 'delay' THEN messaging.ticks_of_duration(txt) ELSE delay_ticks END;
                timeout_ticks := CASE name WHEN 'timeout' THEN messaging.ticks_of_duration(txt) ELSE timeout_ticks END;
                IF (CASE name WHEN 'delay' THEN delay_ticks ELSE timeout_ticks END) IS NULL THEN
                    fault := format('''%s'' is no duration of a fixed length such as PT30S or 30 seconds.', left(txt, 100));
                ELSIF name = 'delay' AND delay_ticks < 0 THEN
                    fault := 'It is negative.';
                ELSIF name = 'delay' AND delay_ticks > year THEN
                    fault := 'It is more than a year.';
                ELSIF name = 'timeout' AND (timeout_ticks < 10000 OR timeout_ticks > 864000000000) THEN
                    fault := 'It is not from PT0.001S to PT24H.';
                END IF;
            WHEN 'runAt' THEN
                run_ticks := messaging.ticks_of_time(txt);
                IF run_ticks IS NULL THEN
                    fault := format('''%s'' is not an RFC 3339 time with an offset, such as 2030-01-31T08:00:00Z.', left(txt, 100));
                END IF;
            WHEN 'deadline' THEN
                deadline_ticks := messaging.ticks_of_time(txt);
                IF deadline_ticks IS NULL THEN
                    fault := format('''%s'' is not an RFC 3339 time with an offset, such as 2030-01-31T08:00:00Z.', left(txt, 100));
                END IF;
            WHEN 'maxAttempts' THEN
                IF val::text !~ '^[0-9]{1,3}$' OR val::text::integer NOT BETWEEN 1 AND 100 THEN
                    fault := 'It is not a whole number from 1 to 100.';
                ELSE
                    attempts := val::text::integer;
                END IF;
            WHEN 'tags' THEN
                IF json_array_length(val) > 20 THEN
                    fault := 'There are more than 20 tags.';
                ELSIF EXISTS (SELECT FROM json_array_elements(val) e(x) WHERE json_typeof(e.x) <> 'string') THEN
                    fault := 'Each tag must be a string.';
                ELSE
                    own_tags := ARRAY(SELECT e.x #>> '{}' FROM json_array_elements(val) WITH ORDINALITY e(x, n) ORDER BY e.n);
                    SELECT format('''%s'' is not 1 to 100 characters without control characters.', left(e, 100)) INTO fault
                    FROM unnest(own_tags) e WHERE messaging.utf16_length(e) NOT BETWEEN 1 AND 100 OR e ~ '[\u0001-\u001F\u007F-\u009F]' LIMIT 1;
                    IF fault IS NULL THEN
                        SELECT format('''%s'' is there more than once.', e) INTO fault FROM unnest(own_tags) e GROUP BY e HAVING count(*) > 1 LIMIT 1;
                    END IF;
                END IF;
            WHEN 'idempotencyKey' THEN
                idem_key := txt;
                IF messaging.utf16_length(txt) NOT BETWEEN 1 AND 255 OR txt ~ '[\u0001-\u001F\u007F-\u009F]' THEN
                    fault := 'It is not 1 to 255 characters without control characters.';
                END IF;
            ELSE
                trace := txt;
                IF txt !~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' THEN
                    fault := 'It is not a W3C trace context such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.';
                END IF;
            END CASE;
            IF fault IS NOT NULL THEN
                PERFORM messaging.refuse_submit('invalid-value', '22023', format('The option ''%s'': %s', name, fault), '', name);
            END IF;
        END LOOP;
        IF delay_ticks IS NOT NULL AND run_ticks IS NOT NULL THEN
            PERFORM messaging.refuse_submit('invalid-value', '22023', 'The option ''delay'': give either delay or runAt, not both.', '', 'delay');
        END IF;
    END IF;

    -- From here on time counts: of the statement, not of a transaction that may have begun long before.
    moment := clock_timestamp();
    now_ticks := (extract(epoch FROM moment) + 62135596800) * 10000000;

    -- A repetition gets its task even if the request would be refused by now.
    IF idem_key IS NOT NULL THEN
        fingerprint := encode(substring(sha256(decode('01', 'hex') || messaging.canonical(kind) || messaging.canonical(own_queue)
            || messaging.canonical(delay_ticks::bigint) || messaging.canonical(run_ticks::bigint) || messaging.canonical(timeout_ticks::bigint)
            || messaging.canonical(deadline_ticks::bigint) || messaging.canonical(attempts::bigint)
            || messaging.canonical(coalesce(cardinality(own_tags), 0)::bigint)
            || coalesce((SELECT string_agg(messaging.canonical(t), decode('', 'hex') ORDER BY n) FROM unnest(own_tags) WITH ORDINALITY u(t, n)), decode('', 'hex'))
            || messaging.canonical(given)) FROM 1 FOR 16), 'hex')::uuid;
        SELECT k.task_id, k.fingerprint INTO holder FROM messaging.idempotency_keys k WHERE k.scope = '' AND k.key = idem_key AND k.expires_at > moment;
        IF FOUND THEN
            IF holder.fingerprint <> fingerprint THEN
                PERFORM messaging.refuse_submit('idempotency-key-reused', '23505', format('This idempotency key has made task %s, from another request.', holder.task_id),
                    'Repeat that one as it was, or use a new key.', 'idempotencyKey');
            END IF;
            RETURN holder.task_id;
        END IF;
    END IF;

    SELECT k.queue, k.timeout_ms, k.max_attempts INTO defaults FROM messaging.kinds k WHERE k.name = kind;
    IF NOT FOUND THEN
        PERFORM messaging.refuse_submit('unknown-kind', '42704', format('No worker has registered the kind ''%s''.', left(kind, 100)),
            coalesce((SELECT 'The nearest known ones: ' || string_agg(near.name, ', ' ORDER BY near.likeness DESC, near.name) || '.'
                      FROM (SELECT k.name, (SELECT count(*) FROM generate_series(1, length(k.name) - 1) i WHERE strpos(lower(left(kind, 100)), substr(k.name, i, 2)) > 0)
                                       / length(k.name)::numeric AS likeness
                            FROM messaging.kinds k ORDER BY 2 DESC, 1 LIMIT 5) near),
                'No worker has registered a kind yet; start one.'));
    END IF;

    run_at := messaging.time_of_ticks(CASE WHEN delay_ticks > 0 THEN now_ticks + delay_ticks ELSE run_ticks END);
    deadline := messaging.time_of_ticks(deadline_ticks);
    fault := CASE
        WHEN run_ticks - now_ticks > year THEN 'The option ''runAt'': It is more than a year ahead.'
        WHEN deadline <= moment THEN 'The option ''deadline'': It has passed: the task could never start.'
        WHEN deadline <= run_at THEN 'The option ''deadline'': It is not after the time the task may start: it could never start.' END;
    IF fault IS NOT NULL THEN
        PERFORM messaging.refuse_submit('invalid-value', '22023', fault, '', CASE WHEN run_ticks - now_ticks > year THEN 'runAt' ELSE 'deadline' END);
    END IF;
    IF to_regclass('messaging.tasks_' || to_char(moment AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NULL THEN
        PERFORM messaging.refuse_submit('ledger-unavailable', '55000', format('The ledger has no partition for %s.', (moment AT TIME ZONE 'UTC')::date),
            'Producers and workers make them a week ahead: none has run for that long. Start one.');
    END IF;

    -- Before the id is made: nobody takes the tasks of this minute for complete while this transaction is open.
    PERFORM pg_advisory_xact_lock_shared(7021802, floor(extract(epoch FROM moment) / 60)::integer);
    id := messaging.new_id(moment);
    IF idem_key IS NOT NULL THEN
        -- Waits for another transaction that is at the key: then it is that one's, or free.
        INSERT INTO messaging.idempotency_keys AS k (scope, key, task_id, fingerprint, expires_at)
        VALUES ('', idem_key, id, fingerprint,
            moment + coalesce((SELECT s.value::interval FROM messaging.settings s WHERE s.name = 'idempotency.keep-for'), interval '24 hours'))
        ON CONFLICT (scope, key) DO UPDATE
        SET task_id = excluded.task_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at
        WHERE k.expires_at <= clock_timestamp();
        IF NOT FOUND THEN
            SELECT k.task_id, k.fingerprint INTO holder FROM messaging.idempotency_keys k WHERE k.scope = '' AND k.key = idem_key;
            IF holder.fingerprint <> fingerprint THEN
                PERFORM messaging.refuse_submit('idempotency-key-reused', '23505', format('This idempotency key has made task %s, from another request.', holder.task_id),
                    'Repeat that one as it was, or use a new key.', 'idempotencyKey');
            END IF;
            RETURN holder.task_id;
        END IF;
    END IF;

    queue := coalesce(own_queue, defaults.queue);
    INSERT INTO messaging.tasks (id, created_at, kind, queue, input, timeout_ms, max_attempts, run_at, tags, trace_parent, deadline)
    VALUES (id, moment, kind, queue, input, coalesce(trunc(timeout_ticks / 10000)::bigint, defaults.timeout_ms), coalesce(attempts, defaults.max_attempts),
        run_at, CASE WHEN cardinality(own_tags) > 0 THEN own_tags END, trace, deadline);
    INSERT INTO messaging.open_tasks (id, queue, due_at, deadline_at, state)
    VALUES (id, queue, CASE WHEN run_at > moment THEN run_at END, deadline, CASE WHEN run_at > moment THEN 0 ELSE 2 END);
    IF cardinality(own_tags) > 0 THEN
        INSERT INTO messaging.task_tags (task_id, tag) SELECT id, t FROM unnest(own_tags) t;
    END IF;
    -- Without an owner: the first process that looks takes it, four times a second.
    IF run_at IS NULL OR run_at <= moment THEN
        INSERT INTO messaging.outbox (id, created_at, queue, task_ids) VALUES (messaging.new_id(moment), moment, queue, ARRAY[id]);
    END IF;
    RETURN id;
END
$$;

-- For callers whose values are json or jsonb. Bodies that are parsed now can't be led astray by a caller's search_path.
CREATE FUNCTION messaging.submit(kind text, input json, options json DEFAULT NULL) RETURNS uuid
LANGUAGE sql VOLATILE
RETURN messaging.submit(kind, input::text, options::text);

CREATE FUNCTION messaging.submit(kind text, input jsonb, options jsonb DEFAULT NULL) RETURNS uuid
LANGUAGE sql VOLATILE
RETURN messaging.submit(kind, input::text, options::text);

REVOKE ALL ON FUNCTION messaging.submit(text, text, text), messaging.submit(text, json, json), messaging.submit(text, jsonb, jsonb) FROM PUBLIC;

-- Lets a role submit, and nothing else.
CREATE FUNCTION messaging.allow_submit(role regrole) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA messaging TO %s', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION messaging.submit(text, text, text), messaging.submit(text, json, json), messaging.submit(text, jsonb, jsonb) TO %s', role);
END
$$;

REVOKE ALL ON FUNCTION messaging.allow_submit(regrole) FROM PUBLIC;
