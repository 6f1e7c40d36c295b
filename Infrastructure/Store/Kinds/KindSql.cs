namespace Messaging.Infrastructure.Store.Kinds;

/// <summary>The statements on <c>kinds</c>: a small table, read whole.</summary>
public static class KindSql
{
    /// <summary>
    /// Registers kinds, or brings them up to date. Rows that already say the same are not even tried: ON CONFLICT locks a row before it finds
    /// nothing to do, and a stranger's lock would keep workers from starting.
    /// </summary>
    public const string Upsert = """
        INSERT INTO messaging.kinds AS k (name, description, queue, input_schema, result_schema, timeout_ms, max_attempts, first_retry_ms, max_retry_ms)
        SELECT n.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::integer[], $8::bigint[], $9::bigint[])
            AS n(name, description, queue, input_schema, result_schema, timeout_ms, max_attempts, first_retry_ms, max_retry_ms)
        WHERE NOT EXISTS (
            SELECT FROM messaging.kinds s
            WHERE s.name = n.name
                AND (s.description, s.queue, s.input_schema, s.result_schema, s.timeout_ms, s.max_attempts, s.first_retry_ms, s.max_retry_ms)
                    = (n.description, n.queue, n.input_schema, n.result_schema, n.timeout_ms, n.max_attempts, n.first_retry_ms, n.max_retry_ms))
        ON CONFLICT (name) DO UPDATE SET
            description = excluded.description, queue = excluded.queue, input_schema = excluded.input_schema,
            result_schema = excluded.result_schema, timeout_ms = excluded.timeout_ms, max_attempts = excluded.max_attempts,
            first_retry_ms = excluded.first_retry_ms, max_retry_ms = excluded.max_retry_ms, updated_at = now()
        WHERE (k.description, k.queue, k.input_schema, k.result_schema, k.timeout_ms, k.max_attempts, k.first_retry_ms, k.max_retry_ms)
            IS DISTINCT FROM (excluded.description, excluded.queue, excluded.input_schema, excluded.result_schema, excluded.timeout_ms,
                excluded.max_attempts, excluded.first_retry_ms, excluded.max_retry_ms)
        """;

    /// <summary>Moves each kind's mean run time half-way to what a worker has measured, so that several workers agree soon.</summary>
    public const string PublishMeans = """
        UPDATE messaging.kinds k
        SET mean_run_ms = CASE WHEN k.mean_run_ms IS NULL THEN m.mean_ms ELSE (k.mean_run_ms + m.mean_ms) / 2 END
        FROM unnest($1::text[], $2::real[]) AS m(name, mean_ms)
        WHERE k.name = m.name
        """;

    /// <summary>All kinds.</summary>
    public const string All = """
        SELECT name, description, queue, input_schema, result_schema, timeout_ms, max_attempts, first_retry_ms, max_retry_ms, mean_run_ms
        FROM messaging.kinds ORDER BY name
        """;
}
