using System.Globalization;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Support.Servers;

/// <summary>Where the servers' programs are on this machine.</summary>
public static class ServerBinaries
{
    /// <summary>The oldest Postgres that will do.</summary>
    public const int OldestPostgres = 15;

    private const string DebianPostgres = "/usr/lib/postgresql";
    private const string DebianRabbitMq = "/usr/lib/rabbitmq/bin";

    /// <summary>Folder with <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>, newest first; null when there is none.</summary>
    public static string? PostgresFolder()
    {
        var debian = Directory.Exists(DebianPostgres) ? Directory.GetDirectories(DebianPostgres) : [];
        var found = debian
            .Select(folder => (Folder: Path.Combine(folder, "bin"), Version: ParseVersion(Path.GetFileName(folder))))
            .Where(candidate => candidate.Version >= OldestPostgres && File.Exists(Path.Combine(candidate.Folder, "postgres")))
            .OrderByDescending(candidate => candidate.Version)
            .Select(candidate => candidate.Folder)
            .FirstOrDefault();
        return found ?? Path.GetDirectoryName(Command.Find("postgres") is { } path && Command.Find("initdb") is not null ? path : null);
    }

    /// <summary>
    /// Full path of <c>rabbitmq-server</c>; null when there is none. Debian's copy in <c>/usr/sbin</c> is a wrapper that insists on
    /// the <c>rabbitmq</c> user, so the real script is looked for first.
    /// </summary>
    public static string? RabbitMqServer() => Command.Find("rabbitmq-server", DebianRabbitMq);

    /// <summary>Full path of <c>epmd</c>, Erlang's name server; null when there is none.</summary>
    public static string? Epmd() => Command.Find("epmd");

    private static int ParseVersion(string name)
        => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
}
