namespace Messaging.Infrastructure.Audit;

/// <summary>The statements on <c>audit</c>.</summary>
public static class AuditSql
{
    /// <summary>Appends an entry. Runs in the transaction of what it tells of.</summary>
    public const string Insert = """
        INSERT INTO messaging.audit (action, target, actor, actor_name, address, reason, details) VALUES ($1, $2, $3, $4, $5, $6, $7)
        """;

    /// <summary>
    /// Entries before $1, newest first. Never run under a generic plan: the parts whose parameter is null must fall away. Indexes: primary
    /// key, or audit_target, audit_actor, audit_action for what is asked.
    /// </summary>
    public const string List = """
        SELECT a.id, a.at, a.action, a.target, a.actor, a.actor_name, a.address, a.reason, a.details
        FROM messaging.audit a
        WHERE a.id < $1
          AND ($2::text IS NULL OR a.action = $2) AND ($3::text IS NULL OR a.target = $3) AND ($4::text IS NULL OR a.actor = $4)
        ORDER BY a.id DESC LIMIT $5
        """;

    /// <summary>Forgets entries older than $1. Index: audit_at.</summary>
    public const string Forget = "DELETE FROM messaging.audit WHERE at < now() - $1::interval";
}
