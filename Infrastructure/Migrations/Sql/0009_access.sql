-- Who may use the HTTP API, and what people did with it. Both small: keys are made by people, and so are the rows of the audit log.

CREATE TABLE messaging.api_keys (
    id              text        NOT NULL PRIMARY KEY,  -- the part of a key that everybody may see
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_used_at    timestamptz,             -- to the minute
    expires_at      timestamptz,             -- null = never
    revoked_at      timestamptz,             -- set once; the row stays, for the audit log and the lists
    rate_per_second integer,                 -- null = the configured default
    scopes          smallint    NOT NULL,    -- Messaging.Contracts.Http.ApiScopes: 1 submit, 2 read, 4 operate, 8 admin
    hash            bytea       NOT NULL CHECK (length(hash) = 32),  -- SHA-256 of the whole key
    name            text        NOT NULL
) WITH (fillfactor = 80);

-- What people did. Only ever inserted, and deleted when old.
CREATE TABLE messaging.audit (
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    action     text        NOT NULL,         -- task.cancel, task.retry, key.create, …
    target     text        NOT NULL,         -- task:<id>, operation:<id>, key:<id>
    actor      text        NOT NULL,         -- key:<id>, anonymous, cli
    actor_name text,                         -- the key's name, the user and machine of the command line
    address    text,                         -- where the request came from
    reason     text,
    details    text                          -- JSON
);
CREATE INDEX audit_target ON messaging.audit (target, id);
CREATE INDEX audit_actor ON messaging.audit (actor, id);
CREATE INDEX audit_action ON messaging.audit (action, id);
CREATE INDEX audit_at ON messaging.audit (at);
