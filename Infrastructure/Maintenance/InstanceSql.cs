namespace Messaging.Infrastructure.Maintenance;

/// <summary>The statements on <c>workers</c>: one row per process, all by primary key or whole.</summary>
public static class InstanceSql
{
    /// <summary>A process introduces itself.</summary>
    public const string Register = """
        INSERT INTO messaging.workers (id, role, host, pid, version, slots, queues, kinds) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """;

    /// <summary>Still there, what it has in its hands, and where it hears express copies. No row: declared dead. Brings Postgres's clock along, and whether a process listens to events.</summary>
    public const string Beat = """
        UPDATE messaging.workers
        SET beat = beat + 1, beat_at = now(), running = $2, draining = $3, holding_since = $4, returned_at = $5, listening = $6, express = $7
        WHERE id = $1
        RETURNING clock_timestamp(), EXISTS (SELECT FROM messaging.workers WHERE listening)
        """;

    /// <summary>A process that stops cleanly leaves nothing in its name: what its relay could not publish is anybody's.</summary>
    public const string Deregister = """
        WITH gone AS (DELETE FROM messaging.workers WHERE id = $1)
        UPDATE messaging.outbox SET owner = NULL WHERE owner = $1
        """;

    /// <summary>Everybody's counter.</summary>
    public const string ReadBeats = "SELECT id, beat FROM messaging.workers";
}
