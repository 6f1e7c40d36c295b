-- What tells a task that kills its workers from the neighbours that died with it.
ALTER TABLE messaging.open_tasks
    ADD COLUMN losses  smallint NOT NULL DEFAULT 0,   -- how often its worker died while it ran, in this attempt
    ADD COLUMN charges smallint NOT NULL DEFAULT 0;   -- how often of these it was the only suspect on that worker
