-- Files: uploads, and inputs and results that are too large for a row.

-- What a file is. Visible once completed_at is set, and never changed after.
CREATE TABLE messaging.files (
    id           uuid        NOT NULL PRIMARY KEY,   -- UUIDv7 by the ledger's clock
    created_at   timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,             -- null: being written, or its writer died
    expires_at   timestamptz,             -- null: as long as its task
    size         bigint      NOT NULL DEFAULT 0,
    task_id      uuid,                    -- whose input or result it is; null: an upload
    writer       uuid,                    -- the instance that writes it; null once it is complete
    chunk_bytes  integer     NOT NULL,    -- of every chunk but the last
    sha256       bytea,
    media_type   text        NOT NULL,
    name         text
) WITH (fillfactor = 80);
CREATE INDEX files_incomplete ON messaging.files (created_at) WHERE completed_at IS NULL;
CREATE INDEX files_expiring ON messaging.files (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX files_of_tasks ON messaging.files (task_id) WHERE task_id IS NOT NULL;

-- The foreign key lets nobody add to a file that is gone. Neither compressed (uploads mostly are) nor in the row.
CREATE TABLE messaging.file_chunks (
    file_id uuid    NOT NULL REFERENCES messaging.files (id) ON DELETE CASCADE,
    n       integer NOT NULL,             -- from 0
    data    bytea   NOT NULL,
    PRIMARY KEY (file_id, n)
);
ALTER TABLE messaging.file_chunks ALTER COLUMN data SET STORAGE EXTERNAL;

INSERT INTO messaging.turns (work) VALUES ('files');
