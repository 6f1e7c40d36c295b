using System.Text.RegularExpressions;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Unit.Documentation;

/// <summary><c>docs/guarantees.md</c> names a test for each promise: they exist.</summary>
public sealed partial class GuaranteesTests
{
    [Test]
    public void Every_test_that_a_promise_names_exists()
    {
        var named = NameInBackticks().Matches(File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "docs", "guarantees.md"))).Select(m => m.Groups[1].Value).ToArray();
        var present = Directory.EnumerateFiles(Path.Combine(BuiltOutput.RepositoryRoot, "tests"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => MethodName().Matches(File.ReadAllText(file)))
            .Select(m => m.Groups[1].Value)
            .ToHashSet(StringComparer.Ordinal);

        Assert.That(named, Has.Length.GreaterThan(30));
        Assert.That(named.Where(name => !present.Contains(name)), Is.Empty);
    }

    // Tests are sentences: words joined by underscores. Queue names and settings are not.
    [GeneratedRegex("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+){2,})`")]
    private static partial Regex NameInBackticks();

    [GeneratedRegex(@"(?:Task|void) ([A-Z]\w+)\(")]
    private static partial Regex MethodName();
}
