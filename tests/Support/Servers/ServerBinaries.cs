using System.Globalization;

namespace Messaging.Tests.Support.Servers;

/// <summary>Where Postgres's programs are.</summary>
/// <param name="Root">The system they run in.</param>
/// <param name="Folder">The folder with <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>, as seen from inside.</param>
public sealed record PostgresPrograms(SystemRoot Root, string Folder);

/// <summary>Where RabbitMQ's programs are.</summary>
/// <param name="Root">The system they run in.</param>
/// <param name="Server">Full path of <c>rabbitmq-server</c>, as seen from inside.</param>
/// <param name="Control">Full path of <c>rabbitmqctl</c>.</param>
/// <param name="Names">Full path of <c>epmd</c>, Erlang's name server.</param>
public sealed record RabbitMqPrograms(SystemRoot Root, string Server, string Control, string Names);

/// <summary>
/// Where the servers' programs are: on this machine, or where the variables <see cref="PostgresVariable"/> and
/// <see cref="RabbitMqVariable"/> say. Whoever is told a place takes the programs from there and from nowhere else.
/// </summary>
public static class ServerBinaries
{
    /// <summary>Environment variable: the root folder of another system with Postgres, or a folder with its programs (or their <c>bin</c>).</summary>
    public const string PostgresVariable = "MESSAGING_POSTGRES_FROM";

    /// <summary>Environment variable: the root folder of another system with RabbitMQ, or a folder with its programs (or their <c>sbin</c>).</summary>
    public const string RabbitMqVariable = "MESSAGING_RABBITMQ_FROM";

    /// <summary>The oldest Postgres that will do.</summary>
    public const int OldestPostgres = 15;

    private const string DebianPostgres = "/usr/lib/postgresql";
    private const string DebianRabbitMq = "/usr/lib/rabbitmq/bin";

    /// <summary>Postgres, the newest one that is there; null when this machine has none.</summary>
    /// <exception cref="ServerStartException">A place was given and there is none in it.</exception>
    public static PostgresPrograms? Postgres()
    {
        var place = Place(PostgresVariable);
        if (place is not null && !SystemRoot.IsAt(place))
        {
            var folder = new[] { place, Path.Combine(place, "bin") }.FirstOrDefault(candidate => File.Exists(Path.Combine(candidate, "initdb")));
            return folder is null ? throw Nothing(PostgresVariable, place, "initdb") : new(SystemRoot.Own, folder);
        }

        var root = place is null ? SystemRoot.Own : SystemRoot.At(place);
        var debian = root.FoldersIn(DebianPostgres)
            .Select(folder => (Folder: Path.Combine(folder, "bin"), Version: ParseVersion(Path.GetFileName(folder))))
            .Where(candidate => candidate.Version >= OldestPostgres && root.Find("postgres", candidate.Folder) == Path.Combine(candidate.Folder, "postgres"))
            .OrderByDescending(candidate => candidate.Version)
            .Select(candidate => candidate.Folder)
            .FirstOrDefault();
        var found = debian ?? Path.GetDirectoryName(root.Find("initdb") is not null ? root.Find("postgres") : null);
        return found is not null ? new(root, found) : place is null ? null : throw Nothing(PostgresVariable, place, $"Postgres {OldestPostgres}+");
    }

    /// <summary>
    /// RabbitMQ; null when this machine has none. Debian's copies in <c>/usr/sbin</c> are wrappers that insist on the <c>rabbitmq</c>
    /// user, so the real scripts are looked for first.
    /// </summary>
    /// <exception cref="ServerStartException">A place was given and there is none in it.</exception>
    public static RabbitMqPrograms? RabbitMq()
    {
        var place = Place(RabbitMqVariable);
        if (place is not null && !SystemRoot.IsAt(place))
        {
            var folder = new[] { place, Path.Combine(place, "sbin") }.FirstOrDefault(candidate => File.Exists(Path.Combine(candidate, "rabbitmq-server")));
            return folder is null ? throw Nothing(RabbitMqVariable, place, "rabbitmq-server") : In(SystemRoot.Own, folder) ?? throw NoNames();
        }

        var root = place is null ? SystemRoot.Own : SystemRoot.At(place);
        return In(root, DebianRabbitMq) ?? (place is null ? null : throw Nothing(RabbitMqVariable, place, "RabbitMQ"));
    }

    private static RabbitMqPrograms? In(SystemRoot root, string folder)
        => root.Find("rabbitmq-server", folder) is { } server && root.Find("epmd") is { } names
            ? new(root, server, Path.Combine(Path.GetDirectoryName(server)!, "rabbitmqctl"), names)
            : null;

    private static string? Place(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? Path.GetFullPath(given) : null;

    private static ServerStartException Nothing(string variable, string place, string missing) => new(
        $"{place} ({variable}) has no {missing}: give the root folder of a system that has it (made by debootstrap), or the folder of its programs.");

    private static ServerStartException NoNames() => new("RabbitMQ needs Erlang's epmd in PATH.");

    private static int ParseVersion(string name)
        => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
}
