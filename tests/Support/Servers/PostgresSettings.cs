namespace Messaging.Tests.Support.Servers;

/// <summary>The settings of every private Postgres; all else is stock. Durable as in production: fsync stays on.</summary>
internal static class PostgresSettings
{
    /// <summary>Setting and value; none may hold spaces or quotes, since they pass through <c>pg_ctl -o</c>.</summary>
    public static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>
    {
        // Loopback TCP only: a socket path over 107 bytes would fail, and data folders may lie deep.
        ["listen_addresses"] = "127.0.0.1",
        ["unix_socket_directories"] = "''",
        // A producer, several consumers and a parallel test run, each with small pools.
        ["max_connections"] = "200",
        // The default of 128 MB is small for the ledger's working set; 256 MB fits on any laptop.
        ["shared_buffers"] = "256MB",
        // Stated, since numbers measured without it would say nothing.
        ["fsync"] = "on",
        // Under load the default of 1 GB makes checkpoints come back to back.
        ["max_wal_size"] = "2GB",
        // Deadlocks and long lock waits are what a reader of the log looks for; checkpoints are not.
        ["log_lock_waits"] = "on",
        ["log_checkpoints"] = "off",
        ["timezone"] = "UTC",
        ["log_timezone"] = "UTC",
    };

    /// <summary>The settings as one <c>pg_ctl -o</c> value.</summary>
    public static string AsOptions(int port) => string.Join(' ', All.Select(setting => $"-c {setting.Key}={setting.Value}").Prepend($"-p {port}"));
}
