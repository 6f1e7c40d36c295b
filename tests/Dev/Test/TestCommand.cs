using System.Diagnostics;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Test;

/// <summary><c>./dev test</c>: servers of its own, all test projects one after the other, and one line that says how it went.</summary>
public static class TestCommand
{
    private static readonly string[] Projects = ["Unit", "Integration", "EndToEnd"];

    /// <summary>Runs the tests; returns the exit code.</summary>
    /// <exception cref="ServerStartException">The servers do not come up.</exception>
    public static async Task<int> RunAsync(TestOptions options, StopSignals stopping)
    {
        TakeFrom(ServerBinaries.PostgresVariable, options.Postgres);
        TakeFrom(ServerBinaries.RabbitMqVariable, options.RabbitMq);
        await ServerPackages.EnsureAsync(Console.WriteLine, stopping.First);
        var results = Path.Combine(BuiltOutput.RepositoryRoot, "TestResults");
        if (Directory.Exists(results))
            Directory.Delete(results, recursive: true);

        var total = TestOutcome.None;
        await using (var servers = await TestServers.StartAsync(options.Containers, stopping.First))
        {
            Console.WriteLine($"Against {await servers.DescribeAsync(stopping.First)}{(options.Containers ? " in containers" : "")}");
            foreach (var project in Projects)
                total = total.And(await RunAsync(project, options, results, servers, stopping.First));
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
        string project, TestOptions options, string results, TestServers servers, CancellationToken cancellationToken)
    {
        var assembly = Path.Combine(BuiltOutput.RepositoryRoot, "tests", project, "bin", BuiltOutput.Configuration, "net10.0", $"Messaging.Tests.{project}.dll");
        var file = $"{project}.trx";
        string[] filter = options.Filter is null ? [] : ["--filter", $"FullyQualifiedName~{Escape(options.Filter)}"];
        Console.WriteLine($"\n{project}");
        var watch = Stopwatch.StartNew();
        await using var runner = ManagedProcess.Start(
            project,
            BuiltOutput.DotnetHost,
            ["test", assembly, "--nologo", "--logger", $"trx;LogFileName={file}", "--logger", "console;verbosity=minimal", "--results-directory", results, .. filter],
            servers.Environment,
            onLine: line => Console.WriteLine($"  {line}"));
        var exitCode = await runner.Exit.WaitAsync(cancellationToken);
        var outcome = TrxFile.Read(project, Path.Combine(results, file), exitCode, filtered: options.Filter is not null);
        Console.WriteLine($"  {outcome.Summary} in {watch.Elapsed.TotalSeconds:0.0} s");
        return outcome;
    }

    /// <summary>The filter language has signs of its own; brackets and commas are in the names of tests with arguments.</summary>
    private static string Escape(string filter)
        => string.Concat(filter.Select(sign => @"\()&|=!~".Contains(sign, StringComparison.Ordinal) ? $@"\{sign}" : sign.ToString()));

    private static string Indent(string text) => string.Join('\n', text.Split('\n').Select(line => $"    {line.TrimEnd()}"));
}
