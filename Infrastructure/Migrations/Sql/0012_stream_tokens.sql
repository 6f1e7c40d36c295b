-- Tokens with which browsers open event streams. They live for minutes; whoever makes one deletes some that have expired.
CREATE TABLE messaging.stream_tokens (
    hash       bytea       NOT NULL PRIMARY KEY CHECK (length(hash) = 32),  -- SHA-256 of the token
    key_id     text,                         -- whose scopes it has, and with whose key it ends; null = made without a key
    task_id    uuid,                         -- the stream of this task; null = of many
    tag        text,                         -- of many: only these
    kind       text,
    queue      text,
    expires_at timestamptz NOT NULL
);
CREATE INDEX stream_tokens_expiry ON messaging.stream_tokens (expires_at);
