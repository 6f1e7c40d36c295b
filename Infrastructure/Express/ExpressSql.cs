namespace Messaging.Infrastructure.Express;

/// <summary>The statements of the express way.</summary>
public static class ExpressSql
{
    /// <summary>
    /// Tells who listens on channel $1. Comes behind the commit of what it tells of, never inside: a transaction that has notified keeps all
    /// others that do from committing until it is on the disk. Alone it waits for no disk; for a stranger's that does it waits 20 ms at most.
    /// </summary>
    public const string Tell = "SELECT set_config('lock_timeout', '20', true), pg_notify($1, $2)";

    /// <summary>
    /// The consumers that hear express copies and had a slot free at their last heartbeat. Nobody, while Postgres's queue of notifications is
    /// a quarter full: some session doesn't fetch what it listens for, and full it would refuse all.
    /// </summary>
    public const string ReadRoutes = """
        SELECT express, queues FROM messaging.workers
        WHERE express IS NOT NULL AND NOT draining AND running < slots AND (SELECT pg_notification_queue_usage()) < 0.25
        ORDER BY id
        """;

    /// <summary>A new channel of one connection.</summary>
    public static string NewChannel() => $"messaging_express_{Guid.NewGuid():N}";

    /// <summary>Listens on a channel of ours.</summary>
    public static string Listen(string channel) => $"LISTEN {channel}";
}
