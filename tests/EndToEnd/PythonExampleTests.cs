using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;
using Npgsql;

namespace Messaging.Tests.EndToEnd;

/// <summary>The examples in <c>docs/examples</c>, run as they are. <c>./dev test</c> installs the libraries that they need.</summary>
public sealed class PythonExampleTests
{
    [OneTimeSetUp]
    public static async Task Python_and_its_libraries_are_there() =>
        Assert.That(await PythonPackages.ArePresentAsync(), $"./dev test installs them, if it may. By hand: {PythonPackages.InstallCommand}");

    [Test]
    public async Task A_producer_in_Python_with_nothing_but_its_AMQP_library()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        await Eventually.TrueAsync(() => system.Producer.Process.Lines.Any(line => line.Contains("Taking tasks from messaging.submit", StringComparison.Ordinal)));
        var published = await RunAsync("amqp_submit.py", system.Connections.RabbitMq.ToString(), "from Python", "and again, Grüße");
        Assert.That(published.Succeeded, published.Output);
        var ids = published.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.That(ids, Has.Length.EqualTo(2), published.Output);
        var task = await system.EndedAsync(await system.GetAsync($"v1/tasks/{ids[1]}"));
        Assert.That(task["result"]!["message"]!.GetValue<string>(), Is.EqualTo("and again, Grüße"));
    }

    [Test]
    public async Task An_order_and_its_task_in_one_transaction_from_Python()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1);
        var postgres = new NpgsqlConnectionStringBuilder(system.Connections.Postgres);
        var database = $"host={postgres.Host} port={postgres.Port} dbname={postgres.Database} user={postgres.Username}"
            + (postgres.Password is { Length: > 0 } password ? $" password={password}" : "");
        var failed = await RunAsync("sql_submit.py", database, "4710", "--fail");
        var placed = await RunAsync("sql_submit.py", database, "4711");
        var again = await RunAsync("sql_submit.py", database, "4711");

        Assert.That(placed.Succeeded, placed.Output);
        Assert.That(failed.Succeeded || again.Succeeded, Is.False);
        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(1));
        Assert.That(await system.ScalarAsync("SELECT string_agg(id, ',') FROM example_orders"), Is.EqualTo("4711"));
        var task = await system.EndedAsync(await system.GetAsync($"v1/tasks/{placed.Output.Trim()}"));
        Assert.That(task["result"]!["message"]!.GetValue<string>(), Is.EqualTo("Thank you for order 4711"));
    }

    private static Task<Command.Outcome> RunAsync(string example, params string[] arguments) =>
        Command.RunAsync(PythonPackages.Interpreter, [Path.Combine(BuiltOutput.RepositoryRoot, "docs", "examples", example), .. arguments]);
}
