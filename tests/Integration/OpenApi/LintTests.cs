using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>A linter that is not ours judges the OpenAPI document. Its version is in the lock file of tests/OpenApiLint.</summary>
public sealed class LintTests
{
    private static readonly string Folder = Path.Combine(BuiltOutput.RepositoryRoot, "tests", "OpenApiLint");

    [Test]
    [CancelAfter(400_000)]
    public async Task Spectral_has_nothing_to_say(CancellationToken cancellationToken)
    {
        await InstallAsync(cancellationToken);
        var spectral = Path.Combine(Folder, "node_modules", "@stoplight", "spectral-cli", "dist", "index.js");

        var lint = await Command.RunAsync(
            TestTools.Node,
            [spectral, "lint", ApiDocument.Path, "--ruleset", Path.Combine(Folder, ".spectral.yaml"), "--fail-severity", "hint", "--format", "text"],
            cancellationToken: cancellationToken);

        Assert.That(lint.Succeeded, Is.True, lint.Output);
        Assert.That(lint.Output, Does.Contain("No results"), lint.Output);
    }

    /// <summary>What the lock file says, once: the files stay until it changes.</summary>
    private static async Task InstallAsync(CancellationToken cancellationToken)
    {
        var (wanted, present) = (Path.Combine(Folder, "package-lock.json"), Path.Combine(Folder, "node_modules", "installed-lock.json"));
        if (File.Exists(present) && await File.ReadAllTextAsync(present, cancellationToken) == await File.ReadAllTextAsync(wanted, cancellationToken))
            return;
        var installed = await Command.RunAsync(
            TestTools.Npm, ["ci", "--prefix", Folder, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], cancellationToken: cancellationToken);
        Assert.That(installed.Succeeded, Is.True, $"The linter comes from the npm registry:\n{installed.Output}");
        File.Copy(wanted, present, overwrite: true);
    }
}
