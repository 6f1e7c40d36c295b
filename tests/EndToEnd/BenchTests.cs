using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.EndToEnd;

/// <summary>A short run of each case of <c>./dev bench</c>, so that none of them rots. Its numbers say nothing; that work is neither lost nor repeated, it checks itself.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)] // one RabbitMQ serves all cases, each in a virtual host of its own
[Parallelizable(ParallelScope.Self)] // one after the other, beside tests that mostly wait
[Order(1)]
public sealed class BenchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly RabbitMqServer _rabbitMq = new(management: true);

    [OneTimeSetUp]
    public Task StartServer() => _rabbitMq.StartAsync();

    [OneTimeTearDown]
    public ValueTask StopServer() => _rabbitMq.DisposeAsync();

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
    [TestCase("growth")]
    [TestCase("snapshot")]
    public async Task A_quick_run_of_the_benchmark_works(string benchCase)
    {
        await using var broker = await TestBroker.CreateAsync(_rabbitMq);
        await RunAsync(benchCase, new LentRabbitMq(broker.Uri, _rabbitMq.ProcessId).AsEnvironment());
    }

    [Test]
    public async Task A_case_that_is_not_known_is_said_with_those_that_are()
    {
        await using var bench = ManagedProcess.Start("bench", BuiltOutput.DotnetHost, ["exec", BuiltOutput.Of("tests/Benchmarks"), "no-such-case"]);

        Assert.That(await bench.Exit.WaitAsync(Limit, TimeProvider.System), Is.EqualTo(2));
        Assert.That(string.Join('\n', bench.Lines), Does.Contain("no-such-case").And.Contain("latency"));
    }

    /// <summary>Runs a case and checks that it has left its result.</summary>
    internal static async Task RunAsync(string benchCase, IReadOnlyDictionary<string, string?>? environment = null)
    {
        using var folder = new TestFolder();
        var results = folder.File("results");
        await using var bench = ManagedProcess.Start(
            benchCase, BuiltOutput.DotnetHost, ["exec", BuiltOutput.Of("tests/Benchmarks"), benchCase, "--quick", "--out", results], environment);

        Assert.That(await bench.Exit.WaitAsync(Limit, TimeProvider.System), Is.Zero, bench.LastLines());
        var result = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(results, $"{benchCase}.json")));
        Assert.That(result!["case"]!.GetValue<string>(), Is.EqualTo(benchCase));
    }
}
