using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Integration.OpenApi;

/// <summary>A linter that is not ours judges the OpenAPI document. Its version is in the lock file of tests/OpenApiLint.</summary>
public sealed class LintTests
{
    [Test]
    [CancelAfter(400_000)]
    public async Task Spectral_has_nothing_to_say(CancellationToken cancellationToken)
    {
        var folder = await NpmPackages.InstallAsync("tests/OpenApiLint", cancellationToken);
        var spectral = Path.Combine(folder, "node_modules", "@stoplight", "spectral-cli", "dist", "index.js");

        var lint = await Command.RunAsync(
            TestTools.Node,
            [spectral, "lint", ApiDocument.Path, "--ruleset", Path.Combine(folder, ".spectral.yaml"), "--fail-severity", "hint", "--format", "text"],
            cancellationToken: cancellationToken);

        Assert.That(lint.Succeeded, Is.True, lint.Output);
        Assert.That(lint.Output, Does.Contain("No results"), lint.Output);
    }
}
