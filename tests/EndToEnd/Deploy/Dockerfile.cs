using System.Text.RegularExpressions;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd.Deploy;

/// <summary>
/// <c>deploy/Dockerfile</c>, as far as it can be followed without a container engine: its build stages copy into a folder what they say, without what
/// <c>.dockerignore</c> keeps out, and run what they run there. <c>/out</c> is a folder beside it, one for each stage.
/// </summary>
internal sealed partial class Dockerfile
{
    private static readonly string[] Ignored = [.. File.ReadLines(InRepository(".dockerignore")).Where(line => line.Length > 0)];

    private readonly Dictionary<string, (string Parent, List<string> Lines)> _stages = [];
    private readonly HashSet<string> _done = [];
    private readonly string _folder;

    /// <summary>Reads it.</summary>
    /// <param name="folder">An empty folder.</param>
    public Dockerfile(string folder)
    {
        _folder = folder;
        List<string>? lines = null;
        foreach (var line in File.ReadLines(InRepository("deploy/Dockerfile")).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (From().Match(line) is { Success: true } from)
                _stages[from.Groups["name"].Value] = (from.Groups["parent"].Value, lines = []);
            else
                lines!.Add(line);
        }
    }

    /// <summary>Does what a target needs, and answers the program that its container starts.</summary>
    public async Task<string> BuildAsync(string target, CancellationToken cancellationToken)
    {
        var lines = _stages[target].Lines;
        var stage = CopyOut().Match(string.Join('\n', lines)).Groups["stage"].Value;
        await RunAsync(stage, cancellationToken);
        return Path.Combine(OutOf(stage), EntryPoint().Match(string.Join('\n', lines)).Groups["assembly"].Value);
    }

    private async Task RunAsync(string stage, CancellationToken cancellationToken)
    {
        if (!_stages.TryGetValue(stage, out var todo) || !_done.Add(stage))
            return;
        await RunAsync(todo.Parent, cancellationToken);
        foreach (var line in todo.Lines)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0] == "COPY")
                words[1..^1].ToList().ForEach(source => Copy(source, words[^1]));
            else if (words[0] == "RUN")
                await ShellAsync(line["RUN ".Length..].Replace(" /out", $" {OutOf(stage)}", StringComparison.Ordinal), cancellationToken);
        }
    }

    private async Task ShellAsync(string command, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Source);
        var environment = new Dictionary<string, string?> { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0", ["UseSharedCompilation"] = "false" };
        var run = await Command.RunAsync("bash", ["-c", $"cd '{Source}' && {command}"], environment, cancellationToken);
        Assert.That(run.Succeeded, Is.True, $"{command}\n{run.Output}");
    }

    private void Copy(string source, string target)
    {
        var from = InRepository(source);
        var to = Path.Combine(Source, target);
        if (File.Exists(from))
        {
            CopyFile(from, target.EndsWith('/') ? Path.Combine(to, Path.GetFileName(from)) : to);
            return;
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            CopyFile(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }

    private static void CopyFile(string from, string to)
    {
        var parts = Path.GetRelativePath(BuiltOutput.RepositoryRoot, from).Split('/');
        if (Ignored.Any(pattern => pattern.StartsWith("**/", StringComparison.Ordinal) ? parts.Contains(pattern[3..]) : parts[0] == pattern))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to, overwrite: true); // project files come first, for the restore
    }

    private string Source => Path.Combine(_folder, "src");

    private string OutOf(string stage) => Path.Combine(_folder, $"out-of-{stage}");

    private static string InRepository(string path) => Path.Combine(BuiltOutput.RepositoryRoot, path);

    [GeneratedRegex(@"^FROM (?<parent>\S+) AS (?<name>\S+)$")]
    private static partial Regex From();

    [GeneratedRegex(@"^COPY --from=(?<stage>\S+) /out \.$", RegexOptions.Multiline)]
    private static partial Regex CopyOut();

    [GeneratedRegex(@"^ENTRYPOINT \[""dotnet"", ""(?<assembly>\S+)""\]$", RegexOptions.Multiline)]
    private static partial Regex EntryPoint();
}
