namespace Messaging.Infrastructure.Retention;

/// <summary>The statements of retention.</summary>
public static class RetentionSql
{
    /// <summary>
    /// The days whose tasks are all older than $1, oldest first. An hour more, so that what ran over midnight does not make a kept
    /// partition for a day. From the catalog.
    /// </summary>
    public const string OldDays = """
        SELECT day FROM (
            SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'messaging.tasks'::regclass AND c.relname ~ '^tasks_\d{8}$') days
        WHERE (day + 1)::timestamp AT TIME ZONE 'UTC' + $1::interval + interval '1 hour' <= now()
        ORDER BY day
        """;

    /// <summary>
    /// Retires a day; null if there is nothing to do, or another process is at the partitions. The advisory lock is the partition
    /// keeper's: of two that change partitions one waits for its next turn.
    /// </summary>
    public const string Retire = """
        SELECT CASE WHEN pg_try_advisory_xact_lock(7021801) THEN messaging.retire_day($1::date, $2::interval, $3::interval, $4::interval) END
        """;

    /// <summary>Operations on dead letters that were over longer ago than dead letters stay. Reads the table whole; people make its rows.</summary>
    public const string ForgetOperations = "DELETE FROM messaging.operations WHERE finished_at < now() - $1::interval";
}
