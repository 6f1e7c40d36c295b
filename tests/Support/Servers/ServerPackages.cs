using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Support.Servers;

/// <summary>Debian's packages of the servers: installs those that are missing, if it may.</summary>
public static class ServerPackages
{
    /// <summary>The one command that installs what is missing.</summary>
    public const string InstallCommand = "sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql rabbitmq-server";

    // The packages start a server each on its default port as soon as they are installed; only the programs are wanted here. Exit
    // code 101 of policy-rc.d says "do not"; one that is there already is somebody's decision and stays.
    private const string Script = """
        set -e
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            trap 'rm -f "$policy"' EXIT
            trap 'exit 1' INT TERM HUP
            printf '#!/bin/sh\nexit 101\n' >"$policy"
            chmod 755 "$policy"
        fi
        export DEBIAN_FRONTEND=noninteractive
        apt-get update
        apt-get install -y --no-install-recommends "$@"
        """;

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
        await InstallAsync(missing, say, cancellationToken);
        if (FindMissing() is { Count: > 0 } still)
            throw new ServerStartException($"{string.Join(" and ", still)} of this system is too old: Postgres {ServerBinaries.OldestPostgres}+ and RabbitMQ 3.10+ are needed.");
    }

    /// <summary>Installs packages.</summary>
    /// <exception cref="ServerStartException">It may not, or it failed.</exception>
    internal static async Task InstallAsync(IReadOnlyCollection<string> packages, Action<string> say, CancellationToken cancellationToken)
    {
        var names = string.Join(" and ", packages);
        var root = Command.Find("apt-get") is null ? null : await AsRootAsync(cancellationToken);
        if (root is null)
            throw new ServerStartException($"Not installed: {names}. Run: {InstallCommand}");
        say($"Installing {names} (a minute or so; the servers of the packages are not started)");
        IReadOnlyList<string> command = [.. root, "/bin/sh", "-c", Script, "sh", .. packages];
        var installed = await Command.RunAsync(command[0], command.Skip(1), cancellationToken: cancellationToken);
        if (!installed.Succeeded)
            throw new ServerStartException($"Installing {names} failed: {LogTail.Of(installed.Output)}");
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

    /// <summary>What to put in front of a command to run it as root; null when that needs a password.</summary>
    private static async Task<string[]?> AsRootAsync(CancellationToken cancellationToken)
    {
        if (UnixUser.IsRoot)
            return [];
        if (Command.Find("sudo") is not { } sudo)
            return null;
        var allowed = await Command.RunAsync(sudo, ["-n", "true"], cancellationToken: cancellationToken);
        return allowed.Succeeded ? [sudo, "-n"] : null;
    }
}
