using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Support.Servers;

/// <summary>Debian's packages of the servers: installs those that are missing, if it may.</summary>
public static class ServerPackages
{
    /// <summary>The one command that installs what is missing.</summary>
    public const string InstallCommand = "sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql rabbitmq-server";

    /// <summary>Installs the servers that are missing. Returns at once when none is.</summary>
    /// <param name="say">Told what is going to be installed.</param>
    /// <param name="cancellationToken">Ends the installation.</param>
    /// <exception cref="ServerStartException">It may not, or it failed, or a place that was given has no server; says what to do.</exception>
    public static async Task EnsureAsync(Action<string> say, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(say);
        var missing = FindMissing();
        if (missing.Count == 0)
            return;
        var names = string.Join(" and ", missing);
        if (Command.Find("apt-get") is null)
            throw new ServerStartException($"Not installed: {names}. Install Postgres {ServerBinaries.OldestPostgres}+ and RabbitMQ 3.10+ (with Erlang) so that they are in PATH.");
        await DebianPackages.InstallAsync(missing, InstallCommand, say, cancellationToken);
        if (FindMissing() is { Count: > 0 } still)
            throw new ServerStartException($"{string.Join(" and ", still)} of this system is too old: Postgres {ServerBinaries.OldestPostgres}+ and RabbitMQ 3.10+ are needed.");
    }

    /// <summary>What to throw when a server's program is not there.</summary>
    internal static ServerStartException Missing(string server) => new($"{server} is not installed. Run: {InstallCommand}");

    private static List<string> FindMissing()
    {
        var missing = new List<string>();
        if (ServerBinaries.Postgres() is null)
            missing.Add("postgresql");
        if (ServerBinaries.RabbitMq() is null)
            missing.Add("rabbitmq-server");
        return missing;
    }
}
