using System.Text.Json.Nodes;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>A short run of each case of <c>./dev bench</c>, so that none of them rots. Its numbers say nothing; that work is neither lost nor repeated, it checks itself.</summary>
public sealed class BenchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [TestCase("end-to-end")]
    [TestCase("drain")]
    [TestCase("submit")]
    [TestCase("latency")]
    [TestCase("floors")]
    [TestCase("payload")]
    [TestCase("consumers")]
    [TestCase("relay")]
    [TestCase("memory")]
    [TestCase("files")]
    [TestCase("post")]
    [TestCase("fairness")]
    [TestCase("io-bound")]
    [TestCase("cpu-bound")]
    [TestCase("growth")]
    [TestCase("snapshot")]
    public async Task A_quick_run_of_the_benchmark_works(string benchCase)
    {
        using var folder = new TestFolder();
        var results = folder.File("results");
        await using var bench = ManagedProcess.Start(
            benchCase, BuiltOutput.DotnetHost, ["exec", BuiltOutput.Of("tests/Benchmarks"), benchCase, "--quick", "--out", results]);

        Assert.That(await bench.Exit.WaitAsync(Limit, TimeProvider.System), Is.Zero, bench.LastLines());
        var result = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(results, $"{benchCase}.json")));
        Assert.That(result!["case"]!.GetValue<string>(), Is.EqualTo(benchCase));
    }

    [Test]
    public async Task A_case_that_is_not_known_is_said_with_those_that_are()
    {
        await using var bench = ManagedProcess.Start("bench", BuiltOutput.DotnetHost, ["exec", BuiltOutput.Of("tests/Benchmarks"), "no-such-case"]);

        Assert.That(await bench.Exit.WaitAsync(Limit, TimeProvider.System), Is.EqualTo(2));
        Assert.That(string.Join('\n', bench.Lines), Does.Contain("no-such-case").And.Contain("latency"));
    }
}
