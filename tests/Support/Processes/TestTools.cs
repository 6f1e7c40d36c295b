using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Support.Processes;

/// <summary>Programs that tests use beside the servers: a browser, the linter's Node, what the documentation's examples call. Not needed to run anything.</summary>
public static class TestTools
{
    private static readonly string[] Browsers = ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"];

    /// <summary>Chromium or Chrome.</summary>
    /// <exception cref="ServerStartException">There is none.</exception>
    public static string Browser => Browsers.Select(name => Command.Find(name)).FirstOrDefault(found => found is not null) ?? throw Missing("chromium");

    /// <summary>Node's package manager.</summary>
    /// <exception cref="ServerStartException">There is none.</exception>
    public static string Npm => Command.Find("npm") ?? throw Missing("npm");

    /// <summary>Node.</summary>
    /// <exception cref="ServerStartException">There is none.</exception>
    public static string Node => Command.Find("node") ?? throw Missing("nodejs");

    /// <summary>Installs those that are missing. Where that can't be done it says so, and the tests that need them fail. Returns at once when none is missing.</summary>
    /// <param name="say">Told what is going to be installed.</param>
    /// <param name="cancellationToken">Ends the installation.</param>
    public static async Task EnsureAsync(Action<string> say, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(say);
        var missing = new List<string>();
        if (!Browsers.Any(name => Command.Find(name) is not null))
            missing.Add("chromium");
        missing.AddRange(new[] { ("node", "nodejs"), ("npm", "npm"), ("python3", "python3"), ("curl", "curl"), ("bash", "bash") }
            .Where(tool => Command.Find(tool.Item1) is null).Select(tool => tool.Item2));
        if (missing.Count == 0)
            return;
        try
        {
            await DebianPackages.InstallAsync(missing, CommandFor(missing), say, cancellationToken);
        }
        catch (ServerStartException e)
        {
            say($"Some tests will fail for want of their tools: {e.Message}");
        }
    }

    private static ServerStartException Missing(string package) => new($"{package} is not installed. Run: {CommandFor([package])}");

    private static string CommandFor(IEnumerable<string> packages) =>
        $"sudo apt-get update && sudo apt-get install -y --no-install-recommends {string.Join(' ', packages)}";
}
