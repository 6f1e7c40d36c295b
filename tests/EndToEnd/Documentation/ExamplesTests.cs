using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Support.Processes;
using Npgsql;

namespace Messaging.Tests.EndToEnd.Documentation;

/// <summary>The examples in README.md and docs/ are run as they stand, one file after the other, each with a system of its own; what they answer is what is shown.</summary>
[CancelAfter(120_000)]
public sealed partial class ExamplesTests
{
    [TestCase("README.md", 4)]
    [TestCase("docs/http.md", 4)]
    [TestCase("docs/sql.md", 2)]
    [TestCase("docs/idempotency.md", 1)]
    [TestCase("docs/callbacks.md", 3)]
    [TestCase("docs/events.md", 3)]
    [TestCase("docs/files.md", 2)]
    [TestCase("docs/access.md", 4)]
    [TestCase("docs/dead-letters.md", 10)]
    public async Task The_examples_of_a_file_run_and_answer_what_is_shown(string file, int atLeast, CancellationToken cancellationToken)
    {
        var examples = DocumentedExample.Of(file);
        Assert.That(examples, Has.Count.GreaterThanOrEqualTo(atLeast), "blocks of bash, Python and SQL that are not marked with <!-- not run: why -->");
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("report.csv"), "order,total\n4711,12.50\n", cancellationToken);
        await using (var connection = await system.ConnectAsync())
        await using (var prepare = new NpgsqlCommand(ExampleScript.TablesAndRoles, connection))
            await prepare.ExecuteNonQueryAsync(cancellationToken);
        await File.WriteAllTextAsync(folder.File("examples.sh"), ExampleScript.Of(examples, system), cancellationToken);

        var run = await Command.RunAsync("bash", ["-c", $"cd '{Path.GetDirectoryName(folder.File("x"))}' && exec bash examples.sh 2>&1"], cancellationToken: cancellationToken);

        Assert.That(run.Succeeded, Is.True, $"{file}, the last of these:\n{run.Output}");
        var outputs = ExampleScript.OutputsIn(run.Output);
        Assert.That(outputs, Has.Length.EqualTo(examples.Count));
        Assert.Multiple(() =>
        {
            foreach (var (example, output) in examples.Zip(outputs).Where(pair => pair.First.Answer is not null))
                Assert.That(Differences(example.Answer!, output), Is.Empty, $"{file}, line {example.Line}, answered:\n{output}");
        });
    }

    /// <summary>README.md shows one task from the shell, from C#, from Python and inside a transaction.</summary>
    [Test]
    public async Task The_task_of_the_README_is_the_same_four_ways(CancellationToken cancellationToken)
    {
        var (shell, fromPython, inTransaction) = (FirstOf("bash"), FirstOf("python"), FirstOf("sql"));
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        using var folder = new TestFolder();
        await using var connection = await system.ConnectAsync();
        await using (var prepare = new NpgsqlCommand(ExampleScript.TablesAndRoles, connection))
            await prepare.ExecuteNonQueryAsync(cancellationToken);
        await File.WriteAllTextAsync(folder.File("examples.sh"), ExampleScript.Of([shell, fromPython, inTransaction], system), cancellationToken);

        var run = await Command.RunAsync("bash", [folder.File("examples.sh")], cancellationToken: cancellationToken);
        var result = await ReadmeClient.RunAsync(system.Producer.Address.AbsoluteUri);
        await system.DrainedAsync(TimeSpan.FromSeconds(30));

        Assert.That(run.Succeeded, Is.True, run.Output);
        Assert.That(result, Is.EqualTo(new DebugEchoResult("hello", 1)));
        Assert.That(await system.CountAsync("""tasks WHERE kind = 'debug.echo' AND input::jsonb - 'failTimes' - 'progressSteps' = '{"message": "hello", "wait": "PT1S"}'"""), Is.EqualTo(4));
        Assert.That(await system.CountAsync("""outcomes WHERE state = 4 AND result::jsonb = '{"message": "hello", "attempt": 1}'"""), Is.EqualTo(4));
        Assert.That(await system.ScalarAsync("SELECT email FROM orders WHERE id = '4711'"), Is.EqualTo("ada@example.org"));

        static DocumentedExample FirstOf(string language) => DocumentedExample.Of("README.md").First(example => example.Language == language);
    }

    [Test]
    public void Every_file_with_examples_is_run()
    {
        var files = typeof(ExamplesTests).GetMethod(nameof(The_examples_of_a_file_run_and_answer_what_is_shown))!
            .GetCustomAttributes(typeof(TestCaseAttribute), false).Select(test => (string)((TestCaseAttribute)test).Arguments[0]!);
        var present = Directory.EnumerateFiles(Path.Combine(BuiltOutput.RepositoryRoot, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(BuiltOutput.RepositoryRoot, "README.md"))
            .Select(path => Path.GetRelativePath(BuiltOutput.RepositoryRoot, path))
            .Where(path => DocumentedExample.Of(path).Count > 0);

        Assert.That(files, Is.EquivalentTo(present), "add the file as a case, or mark its blocks with <!-- not run: why -->");
    }

    private static IReadOnlyList<string> Differences(string shown, string output)
    {
        if (shown.TrimStart() is not ['{' or '[', ..])
            return EventsOf(shown).SequenceEqual(EventsOf(output)) ? [] : [$"events: {string.Join(' ', EventsOf(output))}"];
        return Json(output) is { } real ? ShownJson.Differences(shown, real) : ["there is no JSON"];
    }

    /// <summary>The last JSON of an output: a line of its own, or all from the first brace on.</summary>
    private static JsonNode? Json(string output)
    {
        var candidates = output.Split('\n').Reverse().Append(output[Math.Max(0, output.IndexOf('{', StringComparison.Ordinal))..]);
        foreach (var text in candidates.Where(text => text.TrimStart() is ['{' or '[', ..]))
        {
            try
            {
                return JsonNode.Parse(text);
            }
            catch (JsonException)
            {
                // A part of it.
            }
        }

        return null;
    }

    /// <summary>The names of events in their order; of several reports one.</summary>
    private static IEnumerable<string> EventsOf(string stream)
    {
        var last = "";
        foreach (var name in EventName().Matches(stream).Select(match => match.Groups[1].Value))
        {
            if (name != last)
                yield return name;
            last = name;
        }
    }

    [GeneratedRegex("^event: (.+)$", RegexOptions.Multiline)]
    private static partial Regex EventName();
}
