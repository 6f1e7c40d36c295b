using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Support.Processes;

/// <summary>Finds what the build made, relative to the repository's root, in the configuration (Debug, Release) that runs now.</summary>
public static class BuiltOutput
{
    /// <summary>Environment variable: a folder with published projects (<c>Producer</c>, <c>tests/Worker</c> below it) to be used instead of what was built.</summary>
    public const string PublishedVariable = "MESSAGING_PUBLISHED";

    private const string RootMark = "Messaging.sln";

    /// <summary>The repository's root folder.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The configuration this assembly was built in.</summary>
    public static string Configuration { get; } =
        AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";

    /// <summary>The assembly of a project, named by its folder: <c>Producer</c>, <c>tests/Worker</c>.</summary>
    /// <exception cref="ServerStartException">It has not been built.</exception>
    public static string Of(string project)
    {
        var assembly = $"Messaging.{project.Replace("tests/", "Tests.", StringComparison.Ordinal)}.dll";
        if (Environment.GetEnvironmentVariable(PublishedVariable) is { Length: > 0 } published && Path.Combine(published, project, assembly) is var there && File.Exists(there))
            return there;
        var path = Path.Combine(RepositoryRoot, project, "bin", Configuration, "net10.0", assembly);
        return File.Exists(path)
            ? path
            : throw new ServerStartException($"{project} is not built: run 'dotnet build -c {Configuration} {RootMark}' ({path} is missing).");
    }

    /// <summary>The program that runs assemblies: the one that runs us when that is <c>dotnet</c>.</summary>
    public static string DotnetHost => Path.GetFileName(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, RootMark)))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds {RootMark}.");
    }
}
