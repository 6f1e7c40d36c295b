using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Support.Processes;

/// <summary>Packages for Node that tests use, in the versions that the lock file of a folder says. Scripts of packages are not run.</summary>
public static class NpmPackages
{
    // Two tests of a process may want the same folder.
    private static readonly SemaphoreSlim Turn = new(1);

    /// <summary>Installs them into <c>node_modules</c>, once: the files stay until the lock file changes.</summary>
    /// <param name="folder">With <c>package.json</c> and <c>package-lock.json</c>, from the repository's root: <c>tests/Webhooks</c>.</param>
    /// <param name="cancellationToken">Ends the installation.</param>
    /// <returns>The folder's whole path.</returns>
    /// <exception cref="ServerStartException">They can't be had.</exception>
    public static async Task<string> InstallAsync(string folder, CancellationToken cancellationToken = default)
    {
        var whole = Path.Combine(BuiltOutput.RepositoryRoot, folder);
        var (wanted, present) = (Path.Combine(whole, "package-lock.json"), Path.Combine(whole, "node_modules", "installed-lock.json"));
        await Turn.WaitAsync(cancellationToken);
        try
        {
            if (File.Exists(present) && await File.ReadAllTextAsync(present, cancellationToken) == await File.ReadAllTextAsync(wanted, cancellationToken))
                return whole;
            var installed = await Command.RunAsync(
                TestTools.Npm, ["ci", "--prefix", whole, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], cancellationToken: cancellationToken);
            if (!installed.Succeeded)
                throw new ServerStartException($"The packages of {folder} come from the npm registry:\n{installed.Output}");
            File.Copy(wanted, present, overwrite: true);
            return whole;
        }
        finally
        {
            Turn.Release();
        }
    }
}
