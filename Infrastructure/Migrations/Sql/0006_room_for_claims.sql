-- Every row is updated once, by its claim, and the rows of a page mostly by the same statement, so no old version can be pruned in
-- between: only with room for all of them in the page does no claim touch an index.
ALTER TABLE messaging.open_tasks SET (fillfactor = 40);

-- Ids don't compress: trying costs as much as inserting the row.
ALTER TABLE messaging.outbox ALTER COLUMN task_ids SET STORAGE EXTERNAL;
