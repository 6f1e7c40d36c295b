using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>
/// How soon a task is accepted, started and seen to end while the system has little to do, beside what a message takes that bare
/// MassTransit sends through a quorum queue.
/// </summary>
internal sealed class LatencyCase : IBenchCase
{
    private static readonly int[] Paces = [50, 200, 1_000];
    private static readonly int[] QuickPaces = [50, 1_000];
    private static readonly TimeSpan Run = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan QuickRun = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public string Name => "latency";

    /// <inheritdoc/>
    public string Description => "from submit to accepted, handler starts, result seen by a waiting caller, at 50, 200 and 1,000 tasks/s, beside bare MassTransit";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var run = settings.Quick ? QuickRun : Run;
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        var postgres = await servers.CreateDatabaseAsync("latency", cancellationToken);
        await using var consumer = await ConsumerProcess.StartAsync(
            new ProcessConnections(postgres, servers.RabbitMq),
            new ConsumerProcessOptions { Queues = ["latency"], Project = ConsumerProcessOptions.TestWorker },
            new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Warning" },
            cancellationToken);
        var paces = new Dictionary<int, IReadOnlyList<Latencies>>();
        var floor = new Dictionary<int, IReadOnlyList<BusLatencies>>();
        var peaks = new Dictionary<string, double> { [Parts.Submitter] = 0, [Parts.Consumer] = 0 };
        foreach (var pace in settings.Quick ? QuickPaces : Paces)
        {
            floor[pace] = await RunFloorAsync(servers, pace, (int)(pace * run.TotalSeconds), settings.RepeatsOrDefault, cancellationToken);
            await using var probe = await RoleProcess.StartAsync(LatencyProbe.Name, Environment(pace), cancellationToken);
            var tasks = (int)(pace * run.TotalSeconds);
            await probe.RunAsync(tasks, Limit, cancellationToken);
            var runs = new List<Latencies>();
            for (var round = 0; round < settings.RepeatsOrDefault; round++)
            {
                runs.Add(Latencies.Parse((await probe.RunAsync(tasks, Limit, cancellationToken)).More));
                Console.WriteLine($"  {pace,6:N0} tasks/s  started p50 {runs[^1].Started.P50:N2} p99 {runs[^1].Started.P99:N2} ms, seen p50 {runs[^1].Seen.P50:N2} p99 {runs[^1].Seen.P99:N2} ms");
            }

            paces[pace] = runs;
            TakePeaks(probe);
        }

        var conditions = new Dictionary<string, string>
        {
            ["payload"] = $"{Payload.Bytes} B",
            ["repeats"] = $"{settings.RepeatsOrDefault} runs of {run.TotalSeconds:0} s at each pace, after one that does not count",
        };
        return new LatencyResult(Name, conditions, await servers.FactsAsync(cancellationToken), paces) { Floor = floor, PeakMiB = peaks };

        void TakePeaks(RoleProcess probe)
        {
            peaks[Parts.Submitter] = Math.Max(peaks[Parts.Submitter], ProcessMemory.TakePeak(probe.Id));
            peaks[Parts.Consumer] = Math.Max(peaks[Parts.Consumer], ProcessMemory.TakePeak(consumer.Process.Id));
        }

        Dictionary<string, string?> Environment(int pace) => new()
        {
            ["Logging__LogLevel__Default"] = "Warning",
            ["Messaging__Postgres"] = postgres,
            ["Messaging__RabbitMq"] = servers.RabbitMq.ToString(),
            [LibraryStages.QueueVariable] = "latency",
            [LatencyProbe.RateVariable] = pace.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static async Task<IReadOnlyList<BusLatencies>> RunFloorAsync(BenchServers servers, int pace, int messages, int repeats, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string?>
        {
            [BareBus.UriVariable] = servers.RabbitMq.ToString(),
            [BareBus.QueueVariable] = $"bare-{pace}",
            [BareBus.RawVariable] = "false",
            [BareBus.WindowVariable] = "300",
            [LatencyProbe.RateVariable] = pace.ToString(CultureInfo.InvariantCulture),
        };
        await using var receiver = await RoleProcess.StartAsync(TimedReceiver.Name, settings, cancellationToken);
        await using var sender = await RoleProcess.StartAsync(TimedSender.Name, settings, cancellationToken);
        var runs = new List<BusLatencies>();
        for (var round = 0; round <= repeats; round++)
        {
            var received = receiver.RunAsync(messages, Limit, cancellationToken);
            var sent = await sender.RunAsync(messages, Limit, cancellationToken);
            runs.Add(new BusLatencies(LatencyFigures.Parse(sent.More)[0], LatencyFigures.Parse((await received).More)[0]));
            Console.WriteLine($"  {pace,6:N0} messages/s  confirmed p50 {runs[^1].Confirmed.P50:N2} ms, received p50 {runs[^1].Received.P50:N2} p99 {runs[^1].Received.P99:N2} ms");
        }

        return runs[1..];
    }
}
