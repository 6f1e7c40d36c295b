using System.Diagnostics;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Test;

/// <summary><c>./dev test</c>: servers of its own, all test projects, and one line that says how it went.</summary>
public static class TestCommand
{
    // Tests that mostly wait for a broker's patience, an outage or a rescue to end hardly need the processors: they run beside all others.
    private static readonly TestPart Beside = new("EndToEnd-beside", "EndToEnd", "TestCategory=MostlyWaits");

    private static readonly TestPart[] InTurn =
        [new("Unit", "Unit"), new("Integration", "Integration"), new("EndToEnd", "EndToEnd", "TestCategory!=MostlyWaits&TestCategory!=Alone")];

    // What measures time or memory, or takes all that the processors can do, comes when everything else is over.
    private static readonly TestPart Alone = new("EndToEnd-alone", "EndToEnd", "TestCategory=Alone");

    /// <summary>Runs the tests; returns the exit code.</summary>
    /// <exception cref="ServerStartException">The servers do not come up.</exception>
    public static async Task<int> RunAsync(TestOptions options, StopSignals stopping)
    {
        TakeFrom(ServerBinaries.PostgresVariable, options.Postgres);
        TakeFrom(ServerBinaries.RabbitMqVariable, options.RabbitMq);
        await ServerPackages.EnsureAsync(Console.WriteLine, stopping.First);
        await TestTools.EnsureAsync(Console.WriteLine, stopping.First);
        await PythonPackages.EnsureAsync(Console.WriteLine, stopping.First);
        var results = Path.Combine(BuiltOutput.RepositoryRoot, "TestResults");
        if (Directory.Exists(results))
            Directory.Delete(results, recursive: true);

        var total = TestOutcome.None;
        await using (var servers = await TestServers.StartAsync(options.Containers, stopping.First))
        {
            Console.WriteLine($"Against {await servers.DescribeAsync(stopping.First)}{(options.Containers ? " in containers" : "")}");
            var beside = RunAsync(Beside, options, results, servers, stopping.First);
            foreach (var part in InTurn)
                total = total.And(await RunAsync(part, options, results, servers, stopping.First));
            total = total.And(await beside);
            total = total.And(await RunAsync(Alone, options, results, servers, stopping.First));
        }

        foreach (var failed in total.Failed)
            Console.WriteLine($"\nFAILED {failed.Name}\n{Indent(failed.Message)}");
        foreach (var problem in total.Problems)
            Console.WriteLine($"\nPROBLEM {problem}");
        if (total is { Passed: 0, Failed.Count: 0, Problems.Count: 0 })
            Console.WriteLine(options.Filter is null ? "\nPROBLEM No test ran." : $"\nPROBLEM No test has '{options.Filter}' in its full name.");
        Console.WriteLine();
        Console.WriteLine(total.Summary);
        return total.ExitCode;
    }

    /// <summary>In our environment, so that tests that start servers of their own find the programs in the same place.</summary>
    private static void TakeFrom(string variable, string? place)
    {
        if (place is not null)
            Environment.SetEnvironmentVariable(variable, place);
    }

    private static async Task<TestOutcome> RunAsync(
        TestPart part, TestOptions options, string results, TestServers servers, CancellationToken cancellationToken)
    {
        var assembly = Path.Combine(
            BuiltOutput.RepositoryRoot, "tests", part.Project, "bin", BuiltOutput.Configuration, "net10.0", $"Messaging.Tests.{part.Project}.dll");
        var file = $"{part.Name}.trx";
        var watch = Stopwatch.StartNew();
        await using var runner = ManagedProcess.Start(
            part.Name,
            BuiltOutput.DotnetHost,
            [
                "test", assembly, "--nologo", "--logger", $"trx;LogFileName={file}", "--logger", "console;verbosity=minimal", "--results-directory", results,
                .. part.Choice(options.Filter),
            ],
            new Dictionary<string, string?>(servers.Environment) { [WholeRun.Variable] = options.Filter is null ? "true" : null },
            onLine: line => Console.WriteLine($"{part.Name,-15} | {line}"));
        var exitCode = await runner.Exit.WaitAsync(cancellationToken);
        var outcome = TrxFile.Read(part.Name, Path.Combine(results, file), exitCode, filtered: options.Filter is not null);
        Console.WriteLine($"{part.Name,-15} | {outcome.Summary} in {watch.Elapsed.TotalSeconds:0.0} s");
        return outcome;
    }

    private static string Indent(string text) => string.Join('\n', text.Split('\n').Select(line => $"    {line.TrimEnd()}"));
}
