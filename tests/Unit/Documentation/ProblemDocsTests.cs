using System.Reflection;
using System.Text.RegularExpressions;
using Messaging.Contracts.Http;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Unit.Documentation;

/// <summary><c>docs/problems.md</c> has a chapter for each problem type, and for nothing else.</summary>
public sealed class ProblemDocsTests
{
    [Test]
    public void Every_type_has_a_chapter_that_begins_with_its_status()
    {
        var page = File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "docs", "problems.md"));
        var chapters = Regex.Matches(page, @"^## (\S+)\n\n(.*)$", RegexOptions.Multiline).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        var types = typeof(ProblemTypes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => (string)f.GetRawConstantValue()!)
            .Select(urn => urn["urn:messaging:problem:".Length..])
            .ToArray();

        Assert.That(chapters.Keys, Is.EquivalentTo(types));
        foreach (var type in types.Except(["bad-request"]))
            Assert.That(chapters[type], Does.Match(@"^[45]\d\d\b"), type);
    }
}
