using System.Diagnostics;
using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>How soon a single <c>POST /v1/tasks</c> is answered while they come at an even pace and a consumer runs the tasks.</summary>
internal sealed class PostOne : IBenchCase
{
    private const string Queue = "post";
    private const int Pace = 500;

    private static readonly TimeSpan Run = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan QuickRun = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static readonly string[] Steps = ["due to sent (the client)", "sent to accepted", "due to accepted"];

    /// <inheritdoc/>
    public string Name => "post";

    /// <inheritdoc/>
    public string Description => "a single POST /v1/tasks at 500/s while a consumer runs the tasks: time to the accepted answer";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var run = settings.Quick ? QuickRun : Run;
        var tasks = (int)(Pace * run.TotalSeconds);
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        var connections = new ProcessConnections(await servers.CreateDatabaseAsync(Queue, cancellationToken), servers.RabbitMq);
        await using var ledger = new BenchLedger(connections.Postgres, servers.PostgresId);
        var quiet = new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" };
        // The consumer first: the producer checks by the kinds that it registers.
        await using var consumer = await ConsumerProcess.StartAsync(connections, new ConsumerProcessOptions { Queues = [Queue] }, quiet, cancellationToken);
        await using var producer = await ProducerProcess.StartAsync(connections, quiet, cancellationToken);
        await using var probe = await RoleProcess.StartAsync(
            PostProbe.Name,
            new Dictionary<string, string?>
            {
                [HttpSubmitter.AddressVariable] = producer.Address.ToString(),
                [LibraryStages.QueueVariable] = Queue,
                [LatencyProbe.RateVariable] = Pace.ToString(CultureInfo.InvariantCulture),
            },
            cancellationToken);
        var meter = new CpuMeter(new Dictionary<string, int>
        {
            [Parts.Producer] = producer.Process.Id,
            [Parts.Consumer] = consumer.Process.Id,
            [Parts.Postgres] = servers.PostgresId,
            [Parts.RabbitMq] = servers.RabbitMqId,
            ["client"] = probe.Id,
        });
        Console.WriteLine($"{Name}: {Pace} a second for {run.TotalSeconds:0} s a run");
        await PostAsync();
        var runs = new List<IReadOnlyList<Latency>>();
        var (costs, own, others) = (new List<IReadOnlyDictionary<string, TimeSpan>>(), new List<double>(), new List<double>());
        for (var round = 0; round < settings.RepeatsOrDefault; round++)
        {
            var (began, before) = (Stopwatch.GetTimestamp(), meter.Read());
            runs.Add(await PostAsync());
            var ((cpu, elsewhere), machine) = (CpuMeter.Between(before, meter.Read()), Stopwatch.GetElapsedTime(began) * Environment.ProcessorCount);
            costs.Add(cpu);
            own.Add(cpu.Values.Sum(part => part / machine));
            others.Add(elsewhere / machine);
            Console.WriteLine($"  round {round + 1}  accepted p50 {runs[^1][^1].P50:N2} p99 {runs[^1][^1].P99:N2} max {runs[^1][^1].Max:N2} ms");
        }

        var conditions = new Dictionary<string, string>
        {
            ["pace"] = $"{Pace} a second",
            ["payload"] = $"{Payload.Bytes} B",
            ["repeats"] = $"{runs.Count} of {run.TotalSeconds:0} s, after one that does not count",
            ["CPU ms a task"] = string.Join(", ", costs[0].Keys.Select(part => $"{part} {Spread.Of(costs.Select(cpu => cpu[part].TotalMilliseconds / tasks)).Median:0.##}")),
            ["load"] = $"{Spread.Of(own).Median:P0}, the client's share included",
            ["others' load"] = $"{Spread.Of(others).Median:P0}",
        };
        return new FiguresResult(
            Name,
            conditions,
            await servers.FactsAsync(cancellationToken),
            [.. Steps.Select((step, i) => new FigureRow(step, [.. runs.Select(latencies => LatencyFigures.Columns(latencies[i]))]))]);

        async Task<IReadOnlyList<Latency>> PostAsync()
        {
            var report = await probe.RunAsync(tasks, Limit, cancellationToken);
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            late.CancelAfter(Limit);
            await ledger.WaitUntilEndedAsync(report.LastTask, late.Token);
            await ledger.WaitUntilSettledAsync(late.Token);
            await ledger.CheckAsync(tasks, cancellationToken);
            await ledger.KeepUpAsync(cancellationToken);
            return LatencyFigures.Parse(report.More);
        }
    }
}
