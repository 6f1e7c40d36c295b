using System.Text.RegularExpressions;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Unit.Documentation;

/// <summary>The code in docs/handlers.md and docs/sql.md is copied from examples that are compiled and run.</summary>
public sealed class HandlerDocsTests
{
    [TestCase("handlers.md", 3)]
    [TestCase("sql.md", 2)]
    public void Every_snippet_stands_in_the_examples(string page, int least)
    {
        var examples = string.Concat(
            Directory.EnumerateFiles(Path.Combine(BuiltOutput.RepositoryRoot, "tests", "Integration", "Examples"), "*.cs").Order().Select(File.ReadAllText));
        var snippets = Regex.Matches(File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "docs", page)), "```csharp\n(.*?)```", RegexOptions.Singleline)
            .Select(match => match.Groups[1].Value)
            .ToArray();

        Assert.That(snippets, Has.Length.GreaterThanOrEqualTo(least));
        Assert.That(snippets.Where(snippet => !examples.Contains(snippet, StringComparison.Ordinal)), Is.Empty);
    }
}
