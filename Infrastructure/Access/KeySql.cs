namespace Messaging.Infrastructure.Access;

/// <summary>The statements on <c>api_keys</c>, a small table: people make its rows.</summary>
public static class KeySql
{
    /// <summary>Makes a key. $6: how long from now it lives, where no time is given.</summary>
    public const string Insert = """
        INSERT INTO messaging.api_keys (id, name, scopes, hash, expires_at, rate_per_second)
        VALUES ($1, $2, $3, $4, coalesce($5, now() + $6::interval), $7)
        """;

    /// <summary>How many were ever made, and how many work. Reads the table whole.</summary>
    public const string Count = """
        SELECT count(*), count(*) FILTER (WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) FROM messaging.api_keys
        """;

    /// <summary>One. Index: primary key.</summary>
    public const string Find = "SELECT " + Columns + " FROM messaging.api_keys k WHERE k.id = $1";

    /// <summary>Those behind the key $1, newest first. Reads the table whole.</summary>
    public const string List = "SELECT " + Columns + """
         FROM messaging.api_keys k
        WHERE $1::text IS NULL OR (k.created_at, k.id) < (SELECT b.created_at, b.id FROM messaging.api_keys b WHERE b.id = $1)
        ORDER BY k.created_at DESC, k.id DESC LIMIT $2
        """;

    /// <summary>Revokes one that is not revoked. Index: primary key.</summary>
    public const string Revoke = "UPDATE messaging.api_keys SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL RETURNING name";

    /// <summary>
    /// All that a process must know to check keys, read every second: those that may work. What expired lately is in it, so that its holder
    /// is told. Reads the table whole.
    /// </summary>
    public const string Usable = "SELECT " + Columns + """
        , k.hash FROM messaging.api_keys k
        WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now() - interval '30 days')
        """;

    /// <summary>Whether a key was ever made: from then on they are needed.</summary>
    public const string Any = "SELECT EXISTS (SELECT FROM messaging.api_keys)";

    /// <summary>Notes that keys were used, once a minute for those that were. Index: primary key.</summary>
    public const string Used = """
        UPDATE messaging.api_keys k SET last_used_at = now() FROM unnest($1::text[]) AS u(id) WHERE k.id = u.id
        """;

    private const string Columns = "k.id, k.name, k.scopes, k.created_at, k.last_used_at, k.expires_at, k.revoked_at, k.rate_per_second";
}
