-- Callbacks: webhooks (Standard Webhooks) that tell of the end of a task. See docs/decisions/0034.

-- True: somebody is to be told when the task ends. Never changed, so claims stay heap-only updates.
ALTER TABLE messaging.open_tasks ADD COLUMN callback boolean NOT NULL DEFAULT false;

-- Named receivers, registered by people.
CREATE TABLE messaging.callback_endpoints (
    name            text COLLATE "C" NOT NULL PRIMARY KEY,
    created_at      timestamptz NOT NULL DEFAULT now(),
    disabled_at     timestamptz,             -- null = it is sent to
    events          smallint    NOT NULL,    -- Messaging.Contracts.Http.CallbackEvents: 1 succeeded, 2 failed, 4 cancelled, 8 expired
    disabled_reason text,                    -- gone (it answered 410) | operator
    url             text        NOT NULL
) WITH (fillfactor = 80);

-- What callbacks are signed with. As they are, since a signature needs the secret itself. Several of one endpoint hold while it rotates.
CREATE TABLE messaging.callback_secrets (
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,                  -- null = the present one
    secret     bytea       NOT NULL CHECK (length(secret) BETWEEN 24 AND 64),
    endpoint   text COLLATE "C" NOT NULL     -- '' = what signs callbacks to urls that brought no secret of their own
);
CREATE INDEX callback_secrets_endpoint ON messaging.callback_secrets (endpoint, id);

-- The first secret of urls: 256 bits of the server's generator of strong random numbers.
INSERT INTO messaging.callback_secrets (endpoint, secret)
SELECT '', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- Whom a task wants to be told of its end. Inserted with the task, never updated; removed with it.
CREATE TABLE messaging.task_callbacks (
    task_id  uuid NOT NULL,
    events   smallint,                       -- null = the endpoint's, or all
    url      text,                           -- either this
    endpoint text COLLATE "C",               -- or this
    secret   bytea CHECK (length(secret) BETWEEN 24 AND 64), -- null = the endpoint's, or that of urls
    PRIMARY KEY (task_id),
    CHECK ((url IS NULL) <> (endpoint IS NULL))
) PARTITION BY RANGE (task_id);

-- What is or was to be told: one row for each task that tells it, with the outcome as it was then. Insert-only.
CREATE TABLE messaging.callback_deliveries (
    task_id    uuid        NOT NULL,         -- what it is about; itself, if it is only a test
    id         uuid        NOT NULL,         -- the task of kind messaging.callback that sends it
    message_id uuid        NOT NULL,         -- the same for all deliveries of one event: the receiver's idempotency key
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    happened   timestamptz NOT NULL,         -- when the task ended
    started_at timestamptz,
    attempt    integer     NOT NULL,
    event      smallint    NOT NULL,         -- the final state of the task; 0 = a test
    url        text,
    endpoint   text COLLATE "C",
    failure    text,
    PRIMARY KEY (task_id, id)
) PARTITION BY RANGE (task_id);

-- Each request that was sent. Insert-only.
CREATE TABLE messaging.callback_attempts (
    task_id     uuid        NOT NULL,
    delivery_id uuid        NOT NULL,
    sent_at     timestamptz NOT NULL,
    duration_ms real        NOT NULL,
    attempt     integer     NOT NULL,
    status      smallint,                    -- null: no answer came
    error       text,                        -- null: it was taken
    PRIMARY KEY (task_id, delivery_id, sent_at)
) PARTITION BY RANGE (task_id);

SELECT messaging.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1, 9);

-- A UUIDv7 with the given time in it: 48 bits of milliseconds, version and variant, the rest by chance.
CREATE FUNCTION messaging.new_id(at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE STRICT
AS $$
    SELECT encode(set_bit(set_bit(overlay(
        uuid_send(gen_random_uuid()) PLACING substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$;

-- Makes the task that tells about another one, with its outbox row. Answers its id. about is null for a test, message for the first delivery.
CREATE FUNCTION messaging.open_callback(
    about uuid, message uuid, event smallint, happened timestamptz, started timestamptz, run integer, failure text, url text, endpoint text, tries integer)
RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    delivery uuid := messaging.new_id(clock_timestamp());
BEGIN
    INSERT INTO messaging.callback_deliveries (task_id, id, message_id, happened, started_at, attempt, event, url, endpoint, failure)
    VALUES (coalesce(about, delivery), delivery, coalesce(message, delivery), happened, started, run, event, url, endpoint, failure);
    INSERT INTO messaging.tasks (id, kind, queue, input, timeout_ms, max_attempts)
    VALUES (delivery, 'messaging.callback', 'callbacks', '{"taskId":"' || coalesce(about, delivery) || '"}', 120000, tries);
    INSERT INTO messaging.open_tasks (id, queue, state) VALUES (delivery, 'callbacks', 2);
    INSERT INTO messaging.outbox (id, queue, task_ids) VALUES (gen_random_uuid(), 'callbacks', ARRAY[delivery]);
    RETURN delivery;
END
$$;

-- A task has ended: its open row is gone, whoever took it away, and its outcome is there.
CREATE FUNCTION messaging.call_back() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    asked  record;
    ended  record;
BEGIN
    SELECT k.url, k.endpoint, k.events INTO asked FROM messaging.task_callbacks k WHERE k.task_id = OLD.id;
    SELECT c.state, c.finished_at, c.started_at, c.attempt, c.failure INTO ended FROM messaging.outcomes c WHERE c.task_id = OLD.id;
    IF ended.state IS NULL OR (asked.url IS NULL AND asked.endpoint IS NULL) THEN
        RETURN NULL;
    END IF;
    IF coalesce(asked.events, (SELECT e.events FROM messaging.callback_endpoints e WHERE e.name = asked.endpoint), 15) & (1 << (ended.state - 4)) <> 0 THEN
        PERFORM messaging.open_callback(
            OLD.id, NULL, ended.state, ended.finished_at, ended.started_at, ended.attempt, ended.failure, asked.url, asked.endpoint, 100);
    END IF;
    RETURN NULL;
END
$$;

-- In the transaction that ends the task, by whatever statement, of this version or another. For all other rows it costs the condition.
CREATE TRIGGER open_tasks_callback AFTER DELETE ON messaging.open_tasks
FOR EACH ROW WHEN (OLD.callback) EXECUTE FUNCTION messaging.call_back();
