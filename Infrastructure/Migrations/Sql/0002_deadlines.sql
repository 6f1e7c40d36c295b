-- Deadlines: a run of a task must start before its deadline, or the task ends expired.

ALTER TABLE messaging.tasks ADD COLUMN deadline timestamptz;            -- as asked for; null = none
ALTER TABLE messaging.open_tasks ADD COLUMN deadline_at timestamptz;    -- the same; never changed, so claims stay heap-only updates

-- Only tasks that have one are in it: the others pay nothing.
CREATE INDEX open_tasks_deadline ON messaging.open_tasks (deadline_at) WHERE deadline_at IS NOT NULL;
