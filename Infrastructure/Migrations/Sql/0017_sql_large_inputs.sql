-- messaging.submit takes inputs up to 16 MiB: what is too large for a row becomes a file, as over HTTP (LargeTexts.cs).

-- Reads an input: JSON, and nothing in it that a handler could not read. Its schema is judged by the worker.
CREATE OR REPLACE FUNCTION messaging.read_submit_input(input text) RETURNS json
LANGUAGE plpgsql STABLE STRICT
AS $$
DECLARE
    most       CONSTANT integer := 16777216;
    most_depth CONSTANT integer := 64;
    given      json;
    fault      text;
    place      text;
    brackets   text;
    depth      integer;
BEGIN
    IF octet_length(input) > most THEN
        PERFORM messaging.refuse_submit('too-large', '54000', format('The input has %s bytes; a task may have %s.', octet_length(input), most),
            'Upload what is large as a file (POST /v1/files) and give the task its id.');
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

-- What to put into a task's row: the text, or a reference to a file that holds it. The file is complete at once, with its task, and goes with it.
CREATE FUNCTION messaging.keep_text(task uuid, txt text, moment timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    most_inline CONSTANT integer := 262144;
    chunk       CONSTANT integer := 524288;
    bytes       bytea;
    id          uuid;
BEGIN
    IF octet_length(txt) <= most_inline THEN
        RETURN txt;
    END IF;
    bytes := convert_to(txt, 'UTF8');
    id := messaging.new_id(moment);
    INSERT INTO messaging.files (id, created_at, completed_at, size, task_id, chunk_bytes, sha256, media_type)
    VALUES (id, moment, moment, length(bytes), task, chunk, sha256(bytes), 'application/json');
    INSERT INTO messaging.file_chunks (file_id, n, data)
    SELECT id, n, substring(bytes FROM n * chunk + 1 FOR chunk) FROM generate_series(0, (length(bytes) - 1) / chunk) n;
    RETURN '@file:' || id;
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
    VALUES (id, moment, kind, queue, messaging.keep_text(id, input, moment), coalesce(trunc(o.timeout / 10000)::bigint, defaults.timeout_ms), coalesce(o.attempts, defaults.max_attempts),
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
