-- Which task a caller's key has made. A row is written in the transaction of its task, so no key is ever undecided but while that
-- transaction is under way. A row outlives its task: a late repetition must not run what was removed once more.
CREATE TABLE messaging.idempotency_keys (
    task_id     uuid             NOT NULL,
    fingerprint uuid             NOT NULL,   -- 128 bits of the request's SHA-256, see RequestFingerprint.cs
    expires_at  timestamptz      NOT NULL,
    scope       text COLLATE "C" NOT NULL,   -- whose key it is: the same key of somebody else is another key
    key         text COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, key)
) WITH (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX idempotency_keys_expiry ON messaging.idempotency_keys (expires_at);

INSERT INTO messaging.turns (work) VALUES ('idempotency-keys');
