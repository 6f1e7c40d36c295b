using System.Diagnostics;
using System.Globalization;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>
/// Whether packing makes anybody wait for others: a single task for the backlog of another queue, which the same processes publish and
/// run, and the tasks of a pack for a slow one among them.
/// </summary>
internal sealed class Fairness : IBenchCase
{
    private const string Database = "fairness";
    private const string BacklogQueue = "backlog";
    private const string SingleQueue = "single";
    private const string PackQueue = "packs";
    private const int Backlog = 50_000;
    private const int Slots = 300;

    // In each run of the packs: 20 slow tasks and their neighbours.
    private const int PackedTasks = 1_280;
    private const int QuickPackedTasks = 320;

    // With fewer in a message, on average, there is nothing to see.
    private const int LeastPerMessage = 16;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static readonly string[] Names =
    [
        "single task, idle: accepted",
        "single task, idle: handler starts",
        "single task, backlog: accepted",
        "single task, backlog: handler starts",
        "single task, backlog unpacked: accepted",
        "single task, backlog unpacked: handler starts",
        "packs of short tasks: result seen",
        "neighbours of a slow task: result seen",
    ];

    /// <inheritdoc/>
    public string Name => "fairness";

    /// <inheritdoc/>
    public string Description => "a single task beside another queue's backlog; the neighbours of a slow task in a pack";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var backlog = settings.Tasks ?? (settings.Quick ? BenchSettings.QuickTasks : Backlog);
        var packed = settings.Quick ? QuickPackedTasks : PackedTasks;
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        var connections = new ProcessConnections(await servers.CreateDatabaseAsync(Database, cancellationToken), servers.RabbitMq);
        await using var ledger = new BenchLedger(connections.Postgres, servers.PostgresId);
        await using var consumer = await ConsumerProcess.StartAsync(
            connections,
            new ConsumerProcessOptions { Queues = [BacklogQueue, SingleQueue, PackQueue], Concurrency = Slots, Project = ConsumerProcessOptions.TestWorker },
            new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" },
            cancellationToken);
        await using var singles = await RoleProcess.StartAsync(BacklogProbe.Name, Environment(BacklogQueue), cancellationToken);
        await using var unpacked = await RoleProcess.StartAsync(
            BacklogProbe.Name, new Dictionary<string, string?>(Environment(BacklogQueue)) { ["Messaging__Relay__PackSize"] = "1" }, cancellationToken);
        await using var packs = await RoleProcess.StartAsync(PackProbe.Name, Environment(PackQueue), cancellationToken);
        Console.WriteLine($"{Name}: a backlog of {backlog:N0} tasks, then twice {packed:N0} in packs, a run");
        var perMessage = new List<double>();
        await RunSinglesAsync(singles, backlog / 2);
        await RunSinglesAsync(unpacked, backlog / 2);
        await RunPacksAsync();
        perMessage.Clear();
        var runs = new List<IReadOnlyList<Latency>>();
        for (var round = 0; round < settings.RepeatsOrDefault; round++)
        {
            runs.Add(
            [
                .. await RunSinglesAsync(singles, 0),
                .. await RunSinglesAsync(singles, backlog),
                .. await RunSinglesAsync(unpacked, backlog),
                .. await RunPacksAsync(),
            ]);
            Console.WriteLine($"  round {round + 1}  p99 ms: {string.Join(", ", runs[^1].Select((latency, i) => $"{Names[i]} {latency.P99:N1}"))}");
        }

        var conditions = new Dictionary<string, string>
        {
            ["backlog"] = $"{Number(backlog)} no-op tasks, meanwhile 50 single ones a second",
            ["packs"] = $"{Number(packed)} tasks at once, {Number(Spread.Of(perMessage).Median)} a message, one in {PackProbe.OneIn} sleeps {PackProbe.Slow.TotalSeconds:0} s",
            ["slots"] = Number(Slots),
            ["repeats"] = $"{runs.Count}, after one that does not count",
        };
        return new FiguresResult(
            Name,
            conditions,
            await servers.FactsAsync(cancellationToken),
            [.. Names.Select((name, i) => new FigureRow(name, [.. runs.Select(latencies => LatencyFigures.Columns(latencies[i]))]))]);

        async Task<IReadOnlyList<Latency>> RunSinglesAsync(RoleProcess role, int tasks)
        {
            var report = await role.RunAsync(tasks, Limit, cancellationToken);
            var parts = report.More.Split('|');
            var asked = int.Parse(parts[0], CultureInfo.InvariantCulture);
            Console.WriteLine($"    {tasks,7:N0} tasks in {Stopwatch.GetElapsedTime(report.Began, report.Ended).TotalSeconds:N1} s, {asked} single ones meanwhile");
            await CheckAsync(tasks + asked, report.LastTask);
            return LatencyFigures.Parse(parts[1]);
        }

        async Task<IReadOnlyList<Latency>> RunPacksAsync()
        {
            var report = await packs.RunAsync(packed, Limit, cancellationToken);
            var seen = PackProbe.Seen.Parse(report.More);
            await CheckAsync(seen.Tasks, report.LastTask);
            if (seen.PerMessage < LeastPerMessage)
                throw new BenchFailedException($"A message had {seen.PerMessage:0.#} tasks on average: they were not packed.");
            perMessage.Add(seen.PerMessage);
            return [seen.Without, seen.With];
        }

        async Task CheckAsync(int tasks, Guid last)
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            late.CancelAfter(Limit);
            await ledger.WaitUntilEndedAsync(last, late.Token);
            await ledger.WaitUntilSettledAsync(late.Token);
            await ledger.CheckAsync(tasks, cancellationToken);
            await ledger.KeepUpAsync(cancellationToken);
        }

        Dictionary<string, string?> Environment(string queue) => new()
        {
            ["Logging__LogLevel__Default"] = "Warning",
            ["Messaging__Postgres"] = connections.Postgres,
            ["Messaging__RabbitMq"] = servers.RabbitMq.ToString(),
            [LibraryStages.QueueVariable] = queue,
            [BacklogProbe.SingleQueueVariable] = SingleQueue,
        };
    }

    private static string Number(double number) => number.ToString("#,0.#", CultureInfo.InvariantCulture);
}
