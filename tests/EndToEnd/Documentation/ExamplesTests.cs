using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd.Documentation;

/// <summary>The examples in README.md and docs/ are run as they stand, one file after the other, each with a system of its own; what they answer is what is shown.</summary>
[CancelAfter(120_000)]
public sealed partial class ExamplesTests
{
    private const string Address = "http://127.0.0.1:8080";
    private const string Mark = "@@@ example of line ";

    [TestCase("README.md", 2)]
    [TestCase("docs/http.md", 4)]
    [TestCase("docs/idempotency.md", 1)]
    [TestCase("docs/callbacks.md", 3)]
    [TestCase("docs/events.md", 3)]
    [TestCase("docs/files.md", 2)]
    [TestCase("docs/access.md", 4)]
    [TestCase("docs/dead-letters.md", 10)]
    public async Task The_examples_of_a_file_run_and_answer_what_is_shown(string file, int atLeast, CancellationToken cancellationToken)
    {
        var examples = DocumentedExample.Of(file);
        Assert.That(examples, Has.Count.GreaterThanOrEqualTo(atLeast), "blocks of bash and Python that are not marked with <!-- not run: why -->");
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("report.csv"), "order,total\n4711,12.50\n", cancellationToken);
        await File.WriteAllTextAsync(folder.File("examples.sh"), Script(examples, system), cancellationToken);

        var run = await Command.RunAsync("bash", ["-c", $"cd '{Path.GetDirectoryName(folder.File("x"))}' && exec bash examples.sh 2>&1"], cancellationToken: cancellationToken);

        Assert.That(run.Succeeded, Is.True, $"{file}, the last of these:\n{run.Output}");
        var outputs = run.Output.Split(Mark).Skip(1).Select(part => part[(part.IndexOf('\n', StringComparison.Ordinal) + 1)..]).ToArray();
        Assert.That(outputs, Has.Length.EqualTo(examples.Count));
        Assert.Multiple(() =>
        {
            foreach (var (example, output) in examples.Zip(outputs).Where(pair => pair.First.Answer is not null))
                Assert.That(Differences(example.Answer!, output), Is.Empty, $"{file}, line {example.Line}, answered:\n{output}");
        });
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

    private static string Script(IReadOnlyList<DocumentedExample> examples, RunningSystem system)
    {
        // A refusal ends the script.
        var script = new StringBuilder("set -euo pipefail\ncurl() { command curl --fail-with-body --max-time 60 \"$@\"; }\n");
        foreach (var example in examples)
        {
            var code = example.Code
                .Replace(Address, system.Producer.Address.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal)
                .Replace("dotnet Messaging.Producer.dll", $"'{BuiltOutput.DotnetHost}' exec '{BuiltOutput.Of("Producer")}'", StringComparison.Ordinal);
            code = PostgresSetting().Replace(code, $"Messaging__Postgres='{system.Connections.Postgres}'");
            script.Append(CultureInfo.InvariantCulture, $"echo; echo '{Mark}{example.Line}'\n");
            script.Append(
                example.Language == "python" ? $"python3 - <<'PYTHON'\n{code}PYTHON\n"
                : example.IsRefused ? $"(curl() {{ command curl \"$@\"; }}\n{code})\n"
                : code);
        }

        return script.ToString();
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

    [GeneratedRegex("Messaging__Postgres='[^']*'")]
    private static partial Regex PostgresSetting();
}
