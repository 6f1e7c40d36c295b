using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Unit.Documentation;

/// <summary>docs/settings.md has every setting, with the default and the meaning that the code has. With <c>MESSAGING_WRITE_DOCS=1</c> it is written anew.</summary>
public sealed class SettingsDocsTests
{
    private const string Mark = "<!-- the tables below are written from the options classes: SettingsDocsTests says how they must be -->\n";

    [Test]
    public void The_tables_are_what_the_options_classes_say()
    {
        var path = Path.Combine(BuiltOutput.RepositoryRoot, "docs", "settings.md");
        var page = File.ReadAllText(path);
        var (begin, expected) = (page.IndexOf(Mark, StringComparison.Ordinal), SettingsPage.Write());

        Assert.That(begin, Is.GreaterThan(0), $"the page has the line {Mark}");
        if (Environment.GetEnvironmentVariable("MESSAGING_WRITE_DOCS") == "1")
            File.WriteAllText(path, page[..(begin + Mark.Length)] + expected);
        Assert.That(page[(begin + Mark.Length)..], Is.EqualTo(expected), "run this test with MESSAGING_WRITE_DOCS=1, look at the difference, commit it");
    }

    [Test]
    public void Every_options_class_is_there()
    {
        var present = SettingsPage.Sections.Select(section => section.Options).ToHashSet();
        var missing = present.Select(type => type.Assembly).Distinct()
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsNested: false } && type.Name.EndsWith("Options", StringComparison.Ordinal) && !present.Contains(type))
            .Select(type => type.Name)
            .Except(["SubmitOptions", "GroupCommitOptions", "ReceivingOptions"]); // in code only

        Assert.That(missing, Is.Empty, "add it to SettingsPage.Sections");
    }
}
