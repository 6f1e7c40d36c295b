using System.Text.RegularExpressions;

namespace Messaging.Tests.Unit.Documentation;

/// <summary>The code in docs/handlers.md is copied from examples that are compiled and run.</summary>
public sealed class HandlerDocsTests
{
    [Test]
    public void Every_snippet_stands_in_the_examples()
    {
        var examples = string.Concat(
            Directory.EnumerateFiles(Path.Combine(Root, "tests", "Integration", "Examples"), "*.cs").Order().Select(File.ReadAllText));
        var snippets = Regex.Matches(File.ReadAllText(Path.Combine(Root, "docs", "handlers.md")), "```csharp\n(.*?)```", RegexOptions.Singleline)
            .Select(match => match.Groups[1].Value)
            .ToArray();

        Assert.That(snippets, Has.Length.GreaterThanOrEqualTo(3));
        Assert.That(snippets.Where(snippet => !examples.Contains(snippet, StringComparison.Ordinal)), Is.Empty);
    }

    private static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "Messaging.sln")))
                folder = folder.Parent;
            return folder.FullName;
        }
    }
}
