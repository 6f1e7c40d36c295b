namespace Messaging.Infrastructure.Access;

/// <summary>The statements on <c>stream_tokens</c>.</summary>
public static class StreamTokenSql
{
    /// <summary>Makes a token that lives for $7, and deletes up to a hundred that have expired. Index: stream_tokens_expiry, primary key.</summary>
    public const string Insert = """
        WITH expired AS (
            SELECT hash FROM messaging.stream_tokens WHERE expires_at < now() ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED
        ), removed AS (
            DELETE FROM messaging.stream_tokens t USING expired e WHERE t.hash = e.hash
        )
        INSERT INTO messaging.stream_tokens (hash, key_id, task_id, tag, kind, queue, expires_at)
        VALUES ($1, $2::text, $3::uuid, $4::text, $5::text, $6::text, now() + $7::interval)
        RETURNING expires_at
        """;

    /// <summary>What a token is for, if it has not expired. Index: primary key.</summary>
    public const string Find =
        "SELECT key_id, task_id, tag, kind, queue FROM messaging.stream_tokens WHERE hash = $1 AND expires_at > now()";
}
