using System.Text.RegularExpressions;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Unit.Documentation;

/// <summary>The C# of README.md that can be copied as it stands is that of files that are compiled and run. Recipes to be filled in stand further in.</summary>
public sealed partial class ReadmeTests
{
    // Both with single spaces: comments that stand below each other on the page do not in a file.
    [Test]
    public void Every_snippet_stands_in_a_file_that_runs()
    {
        var files = OneSpace(string.Concat(
            Folder("tests/EndToEnd/Documentation").Concat(Folder("tests/OwnWorker")).Select(File.ReadAllText)));
        var snippets = Snippet().Matches(File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "README.md")))
            .Select(match => OneSpace(match.Groups[1].Value.Replace("\"http://127.0.0.1:8080\"", "messaging", StringComparison.Ordinal)))
            .ToArray();

        Assert.That(snippets, Has.Length.EqualTo(2));
        Assert.That(snippets.Where(snippet => !files.Contains(snippet, StringComparison.Ordinal)), Is.Empty);
    }

    private static IEnumerable<string> Folder(string path) => Directory.EnumerateFiles(Path.Combine(BuiltOutput.RepositoryRoot, path), "*.cs").Order();

    private static string OneSpace(string text) => WhiteSpace().Replace(text, " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Snippet();
}
