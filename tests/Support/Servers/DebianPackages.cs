using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Support.Servers;

/// <summary>Installs packages of Debian and its children, if it may.</summary>
public static class DebianPackages
{
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

    /// <summary>Installs packages.</summary>
    /// <param name="names">Their names.</param>
    /// <param name="command">What a person would run, for the message if this may not.</param>
    /// <param name="say">Told what is going to be installed.</param>
    /// <param name="cancellationToken">Ends the installation.</param>
    /// <exception cref="ServerStartException">It may not, or it failed; says what to do.</exception>
    public static async Task InstallAsync(IReadOnlyCollection<string> names, string command, Action<string> say, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(say);
        var list = string.Join(" and ", names);
        var root = await AsRootAsync(cancellationToken) ?? throw new ServerStartException($"Not installed: {list}. Run: {command}");
        say($"Installing {list} (a minute or so; the servers of the packages are not started)");
        IReadOnlyList<string> install = [.. root, "/bin/sh", "-c", Script, "sh", .. names];
        var installed = await Command.RunAsync(install[0], install.Skip(1), cancellationToken: cancellationToken);
        if (!installed.Succeeded)
            throw new ServerStartException($"Installing {list} failed: {LogTail.Of(installed.Output)}");
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
