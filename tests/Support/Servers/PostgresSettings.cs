namespace Messaging.Tests.Support.Servers;

/// <summary>The settings of every Postgres that is started here; all else is stock. Durable as in production: fsync stays on.</summary>
public static class PostgresSettings
{
    /// <summary>Setting and value, wherever the server runs; none may hold spaces or quotes, since they pass through <c>pg_ctl -o</c>.</summary>
    public static readonly IReadOnlyDictionary<string, string> Durable = new Dictionary<string, string>
    {
        // A producer and several consumers, each with small pools.
        ["max_connections"] = "200",
        // The default of 128 MB is small for the ledger's working set; 256 MB fits on any laptop.
        ["shared_buffers"] = "256MB",
        // Stated, since numbers measured without them would say nothing.
        ["fsync"] = "on",
        ["full_page_writes"] = "on",
        ["synchronous_commit"] = "on",
        // Under load the default of 1 GB makes checkpoints come back to back.
        ["max_wal_size"] = "2GB",
        // Deadlocks and long lock waits are what a reader of the log looks for; checkpoints are not.
        ["log_lock_waits"] = "on",
        ["log_checkpoints"] = "off",
        ["timezone"] = "UTC",
        ["log_timezone"] = "UTC",
    };

    /// <summary>The same for a server that many tests use at once, each with processes of its own.</summary>
    public static readonly IReadOnlyDictionary<string, string> Shared = new Dictionary<string, string>(Durable) { ["max_connections"] = "600" };

    // Loopback TCP only: a socket path over 107 bytes would fail, and data folders may lie deep.
    private static readonly string[] LoopbackOnly = ["-c listen_addresses=127.0.0.1", "-c unix_socket_directories=''"];

    /// <summary>The settings of a private process as one <c>pg_ctl -o</c> value.</summary>
    internal static string AsOptions(int port, IReadOnlyDictionary<string, string> settings)
        => string.Join(' ', [$"-p {port}", .. LoopbackOnly, .. settings.Select(setting => $"-c {setting.Key}={setting.Value}")]);
}
