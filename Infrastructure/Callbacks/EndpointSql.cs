namespace Messaging.Infrastructure.Callbacks;

/// <summary>The statements on <c>callback_endpoints</c> and <c>callback_secrets</c>, small tables: people make their rows.</summary>
public static class EndpointSql
{
    /// <summary>Registers an endpoint; no row: the name is taken.</summary>
    public const string Insert = """
        INSERT INTO messaging.callback_endpoints (name, url, events) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING name
        """;

    /// <summary>One. Index: primary key.</summary>
    public const string Find = "SELECT " + Columns + " WHERE e.name = $1";

    /// <summary>Those behind the name $1, in their order. Index: primary key.</summary>
    public const string List = "SELECT " + Columns + " WHERE e.name > $1 ORDER BY e.name LIMIT $2";

    /// <summary>How many there are. Reads the table whole.</summary>
    public const string Count = "SELECT count(*) FROM messaging.callback_endpoints";

    /// <summary>Sends nothing to it from now on. Index: primary key.</summary>
    public const string Disable = """
        UPDATE messaging.callback_endpoints SET disabled_at = clock_timestamp(), disabled_reason = 'operator' WHERE name = $1 AND disabled_at IS NULL
        """;

    /// <summary>It has answered 410 under this address: nothing more is sent to it. Index: primary key.</summary>
    public const string Gone = """
        UPDATE messaging.callback_endpoints SET disabled_at = clock_timestamp(), disabled_reason = 'gone'
        WHERE name = $1 AND url = $2 AND disabled_at IS NULL
        """;

    /// <summary>Sends to it again. Index: primary key.</summary>
    public const string Enable = """
        UPDATE messaging.callback_endpoints SET disabled_at = NULL, disabled_reason = NULL WHERE name = $1 AND disabled_at IS NOT NULL
        """;

    /// <summary>Forgets it, with its secrets. Indexes: primary key; callback_secrets_endpoint.</summary>
    public const string Delete = """
        WITH gone AS (DELETE FROM messaging.callback_endpoints WHERE name = $1 RETURNING name)
        DELETE FROM messaging.callback_secrets s USING gone WHERE s.endpoint = gone.name
        """;

    /// <summary>One is there. Locked, so that two who change it, or rotate its secret, do so one after the other. Index: primary key.</summary>
    public const string Lock = "SELECT url, events FROM messaging.callback_endpoints WHERE name = $1 FOR UPDATE";

    /// <summary>Changes what people may change of it. Index: primary key.</summary>
    public const string Change = "UPDATE messaging.callback_endpoints SET url = $2, events = $3 WHERE name = $1";

    /// <summary>The same for the secrets of addresses, which have no such row.</summary>
    public const string LockUrls = "SELECT pg_advisory_xact_lock(7021803)";

    /// <summary>The present secrets of $1 stop signing after $2 from now, those that were replaced before not later than they were to. Index: callback_secrets_endpoint.</summary>
    public const string Retire = """
        UPDATE messaging.callback_secrets SET expires_at = least(expires_at, clock_timestamp() + $2::interval) WHERE endpoint = $1
        """;

    /// <summary>Forgets what signs no longer. Index: callback_secrets_endpoint.</summary>
    public const string Prune = "DELETE FROM messaging.callback_secrets WHERE endpoint = $1 AND expires_at <= clock_timestamp()";

    /// <summary>A new secret.</summary>
    public const string AddSecret = "INSERT INTO messaging.callback_secrets (endpoint, secret) VALUES ($1, $2)";

    /// <summary>All that sign, newest first. Index: callback_secrets_endpoint.</summary>
    public const string Secrets = """
        SELECT created_at, expires_at, secret FROM messaging.callback_secrets
        WHERE endpoint = $1 AND (expires_at IS NULL OR expires_at > clock_timestamp()) ORDER BY id DESC
        """;

    private const string Columns = """
        e.name, e.url, e.events, e.created_at, e.disabled_at, e.disabled_reason,
               ARRAY(SELECT s.created_at FROM messaging.callback_secrets s
                     WHERE s.endpoint = e.name AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp()) ORDER BY s.id DESC),
               ARRAY(SELECT coalesce(s.expires_at, 'infinity') FROM messaging.callback_secrets s
                     WHERE s.endpoint = e.name AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp()) ORDER BY s.id DESC)
        FROM messaging.callback_endpoints e
        """;
}
