using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>How soon a task is accepted, started and seen to end while the system has little to do.</summary>
internal sealed class LatencyCase : IBenchCase
{
    private static readonly int[] Paces = [50, 200, 1_000];
    private static readonly TimeSpan Run = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan QuickRun = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public string Name => "latency";

    /// <inheritdoc/>
    public string Description => "from submit to accepted, handler starts, result seen by a waiting caller, at 50, 200 and 1,000 tasks/s";

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
        var peaks = new Dictionary<string, double> { [Parts.Submitter] = 0, [Parts.Consumer] = 0 };
        foreach (var pace in Paces)
        {
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
        return new LatencyResult(Name, conditions, await servers.FactsAsync(cancellationToken), paces) { PeakMiB = peaks };

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
}
