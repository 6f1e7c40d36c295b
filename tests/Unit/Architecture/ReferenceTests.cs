using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Unit.Architecture;

/// <summary>Contracts ← Infrastructure ← Producer, Consumers; Contracts ← EntityFramework. Never sideways, never back.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Contracts"] = [],
        ["EntityFramework"] = ["Contracts"],
        ["Infrastructure"] = ["Contracts"],
        ["Producer"] = ["Infrastructure", "Contracts"],
        ["Consumers"] = ["Infrastructure", "Contracts"],
    };

    private static IEnumerable<string> Projects => Allowed.Keys;

    [TestCaseSource(nameof(Projects))]
    public void A_project_names_only_the_projects_below_it(string project)
    {
        var named = ProjectFile(project).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));
        Assert.That(named, Is.SubsetOf(Allowed[project]));
    }

    [TestCaseSource(nameof(Projects))]
    public void A_compiled_assembly_uses_only_the_assemblies_below_it(string project)
    {
        var used = Assembly.Load($"Messaging.{project}").GetReferencedAssemblies()
            .Select(a => a.Name!)
            .Where(name => name.StartsWith("Messaging.", StringComparison.Ordinal))
            .Select(name => name["Messaging.".Length..]);
        Assert.That(used, Is.SubsetOf(Allowed[project]));
    }

    [Test]
    public void Contracts_needs_only_the_base_library_and_the_abstractions_of_Microsoft_Extensions()
    {
        var packages = ProjectFile("Contracts").Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value);
        Assert.That(packages, Has.All.Match(@"^Microsoft\.Extensions\..*\.Abstractions$"));
        Assert.That(ProjectFile("Contracts").Descendants("FrameworkReference"), Is.Empty);
    }

    [Test]
    public void There_is_no_drawer_for_odds_and_ends()
    {
        var drawers = Allowed.Keys
            .SelectMany(project => Directory.EnumerateDirectories(Path.Combine(BuiltOutput.RepositoryRoot, project), "*", SearchOption.AllDirectories))
            .Where(folder => Path.GetFileName(folder) is "Common" or "Utils" or "Utilities" or "Helpers" or "Services" or "Managers");
        Assert.That(drawers, Is.Empty);
    }

    [Test]
    public void No_source_file_has_more_than_400_lines()
    {
        var tooLong = SourceFiles.Where(file => File.ReadLines(file).Count() > 400).Select(file => Path.GetRelativePath(BuiltOutput.RepositoryRoot, file));
        Assert.That(tooLong, Is.Empty);
    }

    [Test]
    public void A_log_event_id_stands_for_one_text()
    {
        var ids = SourceFiles
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), @"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(\d+)").Select(match => match.Groups[1].Value))
            .ToArray();
        Assert.That(ids, Is.Not.Empty.And.Unique);
    }

    [TestCaseSource(nameof(Projects))]
    public void No_part_of_the_product_reads_its_hosts_clock(string project)
    {
        // Local waits go by TimeProvider's timestamps, everything else by the ledger's clock: a host may be minutes wrong.
        var readers = Directory.EnumerateFiles(Path.Combine(BuiltOutput.RepositoryRoot, project), "*.cs", SearchOption.AllDirectories)
            .Where(file => Regex.IsMatch(File.ReadAllText(file), @"\bGet(Utc|Local)Now\("));
        Assert.That(readers, Is.Empty);
    }

    private static IEnumerable<string> SourceFiles => Directory.EnumerateFiles(BuiltOutput.RepositoryRoot, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static XDocument ProjectFile(string project) => XDocument.Load(Path.Combine(BuiltOutput.RepositoryRoot, project, $"{project}.csproj"));
}
