-- messaging.submit takes the option callback. It has grown too long for one function: what it reads and compares are functions of their own now.

-- What stands in JSON that nobody could hold as text; null: nothing.
CREATE FUNCTION messaging.unreadable_escape(txt text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
BEGIN
    IF strpos(txt, '\u') = 0 THEN
        RETURN NULL;
    END IF;
    txt := replace(txt, '\\', '');
    RETURN CASE
        WHEN strpos(txt, '\u0000') > 0 THEN 'an escaped NUL (\u0000), which databases and other receivers can''t hold'
        WHEN txt ~* '\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f]' THEN 'half a surrogate pair, which is no character' END;
END
$$;

-- Reads an input: JSON, and nothing in it that a handler could not read. Its schema is judged by the worker.
CREATE FUNCTION messaging.read_submit_input(input text) RETURNS json
LANGUAGE plpgsql STABLE STRICT
AS $$
DECLARE
    most_inline CONSTANT integer := 262144;
    most_depth  CONSTANT integer := 64;
    given       json;
    fault       text;
    place       text;
    brackets    text;
    depth       integer;
BEGIN
    IF octet_length(input) > most_inline THEN
        PERFORM messaging.refuse_submit('too-large', '54000',
            format('The input has %s bytes; by SQL a task may have %s.', octet_length(input), most_inline),
            'Upload what is large as a file (POST /v1/files) and give the task its id, or submit over HTTP, which takes 16 MiB.');
    END IF;
    BEGIN
        given := input::json;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
        GET STACKED DIAGNOSTICS fault = PG_EXCEPTION_DETAIL, place = PG_EXCEPTION_CONTEXT;
        PERFORM messaging.refuse_submit('malformed-json', '22032', format('The input is not JSON. %s', fault), split_part(place, E'\n', 1));
    END;
    fault := messaging.unreadable_escape(input);
    IF fault IS NOT NULL THEN
        PERFORM messaging.refuse_submit('invalid-input', '22023', format('The input holds %s.', fault), 'Send binary data in base64, or as a file.');
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
    RETURN given;
END
$$;

-- How a task is to run, as it was asked for: null is as its kind says. Times and durations in ticks of 100 ns.
CREATE TYPE messaging.submit_options AS (
    queue           text,
    delay           numeric,
    run_at          numeric,
    timeout         numeric,
    deadline        numeric,
    attempts        integer,
    tags            text[],
    idempotency_key text,
    trace_parent    text,
    has_callback    boolean,
    url             text,   -- of the callback, as are the next three
    endpoint        text,
    secret          text,
    events          text[]
);

-- Reads the options. What they say of now, of kinds and of endpoints is judged later.
CREATE FUNCTION messaging.read_submit_options(options text) RETURNS messaging.submit_options
LANGUAGE plpgsql STABLE STRICT
AS $$
DECLARE
    year        CONSTANT numeric := 366 * 864000000000::numeric;
    known_names CONSTANT text[] := ARRAY['queue', 'delay', 'runAt', 'timeout', 'deadline', 'maxAttempts', 'tags', 'idempotencyKey', 'traceParent', 'callback'];
    later_names CONSTANT text[] := ARRAY['priority', 'key', 'dependsOn'];
    o           messaging.submit_options;
    opts        json;
    seen        text[] := '{}';
    name        text;
    val         json;
    sort        text;
    txt         text;
    fault       text;
    place       text;
BEGIN
    BEGIN
        opts := options::json;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
        GET STACKED DIAGNOSTICS fault = PG_EXCEPTION_DETAIL, place = PG_EXCEPTION_CONTEXT;
        PERFORM messaging.refuse_submit('malformed-json', '22032', format('The options are not JSON. %s', fault), split_part(place, E'\n', 1));
    END;
    fault := messaging.unreadable_escape(options);
    IF fault IS NOT NULL THEN
        PERFORM messaging.refuse_submit('invalid-value', '22023', format('The options hold %s.', fault));
    ELSIF json_typeof(opts) <> 'object' THEN
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
        ELSIF sort <> (CASE name WHEN 'maxAttempts' THEN 'number' WHEN 'tags' THEN 'array' WHEN 'callback' THEN 'object' ELSE 'string' END) THEN
            PERFORM messaging.refuse_submit('invalid-request', '22023',
                format('The option ''%s'' must be %s, not %s.', name, CASE name WHEN 'maxAttempts' THEN 'a whole number' WHEN 'tags' THEN 'an array of strings'
                    WHEN 'callback' THEN 'an object such as {"url": "https://example.com/hooks"}' ELSE 'a string' END, sort),
                CASE WHEN sort = 'null' THEN 'Leave out what is not wanted, for example by jsonb_strip_nulls(…).'
                     WHEN name IN ('delay', 'timeout') THEN 'A duration is written PT30S, or 30 seconds.' ELSE '' END, name);
        END IF;
        seen := seen || name;
        fault := NULL;
        CASE name
        WHEN 'queue' THEN
            o.queue := txt;
            IF txt !~ '^[a-z0-9][a-z0-9_-]{0,59}$' THEN
                fault := format('''%s'' is not 1 to 60 characters of a-z, 0-9, ''-'' and ''_'', beginning with a letter or digit.', left(txt, 100));
            END IF;
        WHEN 'delay' THEN
            o.delay := messaging.ticks_of_duration(txt);
            fault := CASE WHEN o.delay < 0 THEN 'It is negative.' WHEN o.delay > year THEN 'It is more than a year.' WHEN o.delay IS NULL
                THEN format('''%s'' is no duration of a fixed length such as PT30S or 30 seconds.', left(txt, 100)) END;
        WHEN 'timeout' THEN
            o.timeout := messaging.ticks_of_duration(txt);
            fault := CASE WHEN o.timeout NOT BETWEEN 10000 AND 864000000000 THEN 'It is not from PT0.001S to PT24H.' WHEN o.timeout IS NULL
                THEN format('''%s'' is no duration of a fixed length such as PT30S or 30 seconds.', left(txt, 100)) END;
        WHEN 'runAt' THEN
            o.run_at := messaging.ticks_of_time(txt);
            IF o.run_at IS NULL THEN
                fault := format('''%s'' is not an RFC 3339 time with an offset, such as 2030-01-31T08:00:00Z.', left(txt, 100));
            END IF;
        WHEN 'deadline' THEN
            o.deadline := messaging.ticks_of_time(txt);
            IF o.deadline IS NULL THEN
                fault := format('''%s'' is not an RFC 3339 time with an offset, such as 2030-01-31T08:00:00Z.', left(txt, 100));
            END IF;
        WHEN 'maxAttempts' THEN
            IF val::text !~ '^[0-9]{1,3}$' OR val::text::integer NOT BETWEEN 1 AND 100 THEN
                fault := 'It is not a whole number from 1 to 100.';
            ELSE
                o.attempts := val::text::integer;
            END IF;
        WHEN 'tags' THEN
            IF json_array_length(val) > 20 THEN
                fault := 'There are more than 20 tags.';
            ELSIF EXISTS (SELECT FROM json_array_elements(val) e(x) WHERE json_typeof(e.x) <> 'string') THEN
                fault := 'Each tag must be a string.';
            ELSE
                o.tags := ARRAY(SELECT e.x #>> '{}' FROM json_array_elements(val) WITH ORDINALITY e(x, n) ORDER BY e.n);
                SELECT format('''%s'' is not 1 to 100 characters without control characters.', left(e, 100)) INTO fault
                FROM unnest(o.tags) e WHERE messaging.utf16_length(e) NOT BETWEEN 1 AND 100 OR e ~ '[\u0001-\u001F\u007F-\u009F]' LIMIT 1;
                IF fault IS NULL THEN
                    SELECT format('''%s'' is there more than once.', e) INTO fault FROM unnest(o.tags) e GROUP BY e HAVING count(*) > 1 LIMIT 1;
                END IF;
            END IF;
        WHEN 'idempotencyKey' THEN
            o.idempotency_key := txt;
            IF messaging.utf16_length(txt) NOT BETWEEN 1 AND 255 OR txt ~ '[\u0001-\u001F\u007F-\u009F]' THEN
                fault := 'It is not 1 to 255 characters without control characters.';
            END IF;
        WHEN 'callback' THEN
            SELECT true, c.url, c.endpoint, c.secret, c.events INTO o.has_callback, o.url, o.endpoint, o.secret, o.events FROM messaging.read_callback(val) c;
        ELSE
            o.trace_parent := txt;
            IF txt !~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' THEN
                fault := 'It is not a W3C trace context such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.';
            END IF;
        END CASE;
        IF fault IS NOT NULL THEN
            PERFORM messaging.refuse_submit('invalid-value', '22023', format('The option ''%s'': %s', name, fault), '', name);
        END IF;
    END LOOP;
    IF o.delay IS NOT NULL AND o.run_at IS NOT NULL THEN
        PERFORM messaging.refuse_submit('invalid-value', '22023', 'The option ''delay'': give either delay or runAt, not both.', '', 'delay');
    END IF;
    RETURN o;
END
$$;

-- A list of texts, as RequestFingerprint.cs writes its items.
CREATE FUNCTION messaging.canonical_items(items text[]) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN coalesce((SELECT string_agg(messaging.canonical(t), decode('', 'hex') ORDER BY n) FROM unnest(items) WITH ORDINALITY u(t, n)), decode('', 'hex'));
END
$$;

-- What a request asks for, byte for byte as RequestFingerprint.cs: the same request is the same by every door.
CREATE FUNCTION messaging.submit_fingerprint(kind text, input json, o messaging.submit_options) RETURNS uuid
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN encode(substring(sha256(decode('01', 'hex') || messaging.canonical(kind) || messaging.canonical(o.queue)
        || messaging.canonical(o.delay::bigint) || messaging.canonical(o.run_at::bigint) || messaging.canonical(o.timeout::bigint)
        || messaging.canonical(o.deadline::bigint) || messaging.canonical(o.attempts::bigint)
        || messaging.canonical(coalesce(cardinality(o.tags), 0)::bigint) || messaging.canonical_items(o.tags)
        || CASE WHEN o.has_callback
                THEN decode('cb', 'hex') || messaging.canonical(o.url) || messaging.canonical(o.endpoint) || messaging.canonical(o.secret)
                    || messaging.canonical(cardinality(o.events)::bigint) || messaging.canonical_items(o.events)
                ELSE decode('', 'hex') END
        || messaging.canonical(input)) FROM 1 FOR 16), 'hex')::uuid;
END
$$;

-- Submits a task in the current transaction and answers its id: it is there when the transaction commits, and was never there if it does not.
-- Runs with the rights of its owner, so that a caller needs none on our tables.
CREATE OR REPLACE FUNCTION messaging.submit(kind text, input text, options text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on
AS $$
#variable_conflict use_variable
DECLARE
    year        CONSTANT numeric := 366 * 864000000000::numeric;
    given       json;
    o           messaging.submit_options;
    moment      timestamptz;
    now_ticks   numeric;
    fingerprint uuid;
    holder      record;
    defaults    record;
    run_at      timestamptz;
    deadline    timestamptz;
    fault       text;
    told        record;
    id          uuid;
    queue       text;
BEGIN
    IF kind IS NULL THEN
        PERFORM messaging.refuse_submit('invalid-request', '22004', 'A task has a kind; it is null.');
    ELSIF kind = 'messaging.callback' THEN
        PERFORM messaging.refuse_submit('invalid-value', '22023', '''messaging.callback'' is made by the ledger alone.',
            'To be told of a task''s end, give the task the option callback.');
    ELSIF input IS NULL THEN
        PERFORM messaging.refuse_submit('invalid-request', '22004', 'A task has an input; it is null.', 'Give ''{}'' if the kind needs none.');
    END IF;
    given := messaging.read_submit_input(input);
    IF options IS NOT NULL THEN
        o := messaging.read_submit_options(options);
    END IF;

    -- From here on time counts: of the statement, not of a transaction that may have begun long before.
    moment := clock_timestamp();
    now_ticks := (extract(epoch FROM moment) + 62135596800) * 10000000;

    -- A repetition gets its task even if the request would be refused by now.
    IF o.idempotency_key IS NOT NULL THEN
        fingerprint := messaging.submit_fingerprint(kind, given, o);
        SELECT k.task_id, k.fingerprint INTO holder FROM messaging.idempotency_keys k WHERE k.scope = '' AND k.key = o.idempotency_key AND k.expires_at > moment;
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

    run_at := messaging.time_of_ticks(CASE WHEN o.delay > 0 THEN now_ticks + o.delay ELSE o.run_at END);
    deadline := messaging.time_of_ticks(o.deadline);
    fault := CASE
        WHEN o.run_at - now_ticks > year THEN 'The option ''runAt'': It is more than a year ahead.'
        WHEN deadline <= moment THEN 'The option ''deadline'': It has passed: the task could never start.'
        WHEN deadline <= run_at THEN 'The option ''deadline'': It is not after the time the task may start: it could never start.' END;
    IF fault IS NOT NULL THEN
        PERFORM messaging.refuse_submit('invalid-value', '22023', fault, '', CASE WHEN o.run_at - now_ticks > year THEN 'runAt' ELSE 'deadline' END);
    END IF;
    IF o.has_callback THEN
        told := messaging.check_callback(o.url, o.endpoint, o.secret, o.events);
    END IF;
    IF to_regclass('messaging.tasks_' || to_char(moment AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NULL THEN
        PERFORM messaging.refuse_submit('ledger-unavailable', '55000', format('The ledger has no partition for %s.', (moment AT TIME ZONE 'UTC')::date),
            'Producers and workers make them a week ahead: none has run for that long. Start one.');
    END IF;

    -- Before the id is made: nobody takes the tasks of this minute for complete while this transaction is open.
    PERFORM pg_advisory_xact_lock_shared(7021802, floor(extract(epoch FROM moment) / 60)::integer);
    id := messaging.new_id(moment);
    IF o.idempotency_key IS NOT NULL THEN
        -- Waits for another transaction that is at the key: then it is that one's, or free.
        INSERT INTO messaging.idempotency_keys AS k (scope, key, task_id, fingerprint, expires_at)
        VALUES ('', o.idempotency_key, id, fingerprint,
            moment + coalesce((SELECT s.value::interval FROM messaging.settings s WHERE s.name = 'idempotency.keep-for'), interval '24 hours'))
        ON CONFLICT (scope, key) DO UPDATE
        SET task_id = excluded.task_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at
        WHERE k.expires_at <= clock_timestamp();
        IF NOT FOUND THEN
            SELECT k.task_id, k.fingerprint INTO holder FROM messaging.idempotency_keys k WHERE k.scope = '' AND k.key = o.idempotency_key;
            IF holder.fingerprint <> fingerprint THEN
                PERFORM messaging.refuse_submit('idempotency-key-reused', '23505', format('This idempotency key has made task %s, from another request.', holder.task_id),
                    'Repeat that one as it was, or use a new key.', 'idempotencyKey');
            END IF;
            RETURN holder.task_id;
        END IF;
    END IF;

    queue := coalesce(o.queue, defaults.queue);
    INSERT INTO messaging.tasks (id, created_at, kind, queue, input, timeout_ms, max_attempts, run_at, tags, trace_parent, deadline)
    VALUES (id, moment, kind, queue, input, coalesce(trunc(o.timeout / 10000)::bigint, defaults.timeout_ms), coalesce(o.attempts, defaults.max_attempts),
        run_at, CASE WHEN cardinality(o.tags) > 0 THEN o.tags END, o.trace_parent, deadline);
    INSERT INTO messaging.open_tasks (id, queue, due_at, deadline_at, state, callback)
    VALUES (id, queue, CASE WHEN run_at > moment THEN run_at END, deadline, CASE WHEN run_at > moment THEN 0 ELSE 2 END, coalesce(o.has_callback, false));
    IF cardinality(o.tags) > 0 THEN
        INSERT INTO messaging.task_tags (task_id, tag) SELECT id, t FROM unnest(o.tags) t;
    END IF;
    IF o.has_callback THEN
        INSERT INTO messaging.task_callbacks (task_id, url, endpoint, events, secret) VALUES (id, o.url, o.endpoint, told.event_bits, told.secret_bytes);
    END IF;
    -- Without an owner: the first process that looks takes it, four times a second.
    IF run_at IS NULL OR run_at <= moment THEN
        INSERT INTO messaging.outbox (id, created_at, queue, task_ids) VALUES (messaging.new_id(moment), moment, queue, ARRAY[id]);
    END IF;
    RETURN id;
END
$$;
