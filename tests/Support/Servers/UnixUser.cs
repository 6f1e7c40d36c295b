using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Support.Servers;

/// <summary>Postgres refuses to run as root: as root, its programs run as the user <c>postgres</c> that the package made.</summary>
public static class UnixUser
{
    private const string Postgres = "postgres";

    /// <summary>Whether this process is root.</summary>
    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Runs a short command as a user that Postgres accepts, in the system that Postgres is in.</summary>
    /// <param name="root">That system.</param>
    /// <param name="data">The folder Postgres works in.</param>
    /// <param name="program">A program of that system.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set; null removes one.</param>
    /// <param name="cancellationToken">Kills it.</param>
    public static Task<Command.Outcome> RunForPostgresAsync(
        SystemRoot root,
        string data,
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment,
        CancellationToken cancellationToken)
        => IsRoot
            ? RunAsync(root, data, "runuser", ["-u", Postgres, "--", program, .. arguments], environment, cancellationToken)
            : RunAsync(root, data, program, arguments, environment, cancellationToken);

    /// <summary>Gives a folder (not what is in it) to the user Postgres runs as, readable by nobody else.</summary>
    /// <exception cref="ServerStartException">There is no such user, or it cannot reach the folder.</exception>
    public static async Task GiveToPostgresAsync(SystemRoot root, string folder, CancellationToken cancellationToken)
    {
        if (!IsRoot)
            return;
        var given = await RunAsync(root, folder, "chown", [$"{Postgres}:", folder], environment: null, cancellationToken);
        if (!given.Succeeded)
        {
            throw new ServerStartException(
                "Postgres does not run as root and there is no user 'postgres' to run it as: install Debian's package 'postgresql' or start as another user.");
        }

        var entered = await RunForPostgresAsync(root, folder, "test", ["-w", folder], environment: null, cancellationToken);
        if (!entered.Succeeded)
            throw new ServerStartException($"The user 'postgres' cannot enter {folder}: use a folder that everybody may enter, such as one below /var/tmp.");
    }

    /// <summary>Whether the folder and all above it may be entered by every user of the machine.</summary>
    public static bool CanBeEnteredByAll(string folder)
    {
        if (OperatingSystem.IsWindows())
            return false;
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent)
        {
            if (current.Exists && !File.GetUnixFileMode(current.FullName).HasFlag(UnixFileMode.OtherExecute))
                return false;
        }

        return true;
    }

    private static Task<Command.Outcome> RunAsync(
        SystemRoot root,
        string data,
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment,
        CancellationToken cancellationToken)
    {
        var (actual, actualArguments) = root.Enter(data, program, arguments);
        return Command.RunAsync(actual, actualArguments, environment, cancellationToken);
    }
}
