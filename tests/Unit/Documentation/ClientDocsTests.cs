using System.Text.RegularExpressions;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Unit.Documentation;

/// <summary>The code in the pages about the client, testing and own workers is copied from files that are compiled and run.</summary>
public sealed class ClientDocsTests
{
    [TestCase("client.md", "csharp", "tests/Integration/Examples", 4)]
    [TestCase("testing.md", "csharp", "tests/Integration/Examples", 2)]
    [TestCase("own-worker.md", "csharp", "tests/OwnWorker tests/EndToEnd", 4)]
    [TestCase("own-worker.md", "xml", "tests/OwnWorker", 2)]
    [TestCase("packages.md", "xml", "tests/OwnWorker", 1)]
    public void Every_snippet_stands_in_a_file_that_runs(string page, string language, string folders, int least)
    {
        var files = string.Concat(folders.Split(' ')
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(BuiltOutput.RepositoryRoot, folder)).Order().Select(File.ReadAllText)));
        var snippets = Regex.Matches(File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "docs", page)), $"```{language}\n(.*?)```", RegexOptions.Singleline)
            .Select(match => match.Groups[1].Value)
            .ToArray();

        Assert.That(snippets, Has.Length.GreaterThanOrEqualTo(least));
        Assert.That(snippets.Where(snippet => !files.Contains(snippet, StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>A block of C# by another name would be seen by none of these tests.</summary>
    [Test]
    public void All_blocks_of_CSharp_are_called_csharp()
    {
        var pages = Directory.EnumerateFiles(Path.Combine(BuiltOutput.RepositoryRoot, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(BuiltOutput.RepositoryRoot, "README.md"));

        Assert.That(pages.Where(page => Regex.IsMatch(File.ReadAllText(page), @"^\s*```(cs|c#|CSharp)\s*$", RegexOptions.Multiline)), Is.Empty);
    }
}
