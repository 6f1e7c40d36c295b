using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Servers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>
/// Tasks that compute, in one consumer process per core and in two, with the same number of slots in all: how many a second, whether the
/// heartbeats keep coming, and how soon a cancel stops a handler that looks at its token.
/// </summary>
internal sealed class CpuBound : IBenchCase
{
    private const string Queue = "cpu";
    private const int Tasks = 1_000;
    private const int QuickTasks = 100;
    private const int WarmUp = 100;
    private const int SlotsPerCore = 4;

    // How many tasks are called off, one after the other, among the others.
    private const int Cancels = 10;
    private const int QuickCancels = 2;

    private static readonly TimeSpan TaskCpu = TimeSpan.FromMilliseconds(20);

    /// <inheritdoc/>
    public string Name => "cpu-bound";

    /// <inheritdoc/>
    public string Description => "tasks of 20 ms of CPU, a consumer process per core and two: tasks/s, heartbeats, how soon a cancel takes effect";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var cores = Environment.ProcessorCount;
        var work = new CpuWork(
            settings.Tasks ?? (settings.Quick ? QuickTasks : Tasks), WarmUp, settings.Quick ? QuickCancels : Cancels, ComputeLoop.RoundsFor(TaskCpu));
        var repeats = settings.Repeats ?? (settings.Quick ? 1 : 3);
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        var connections = new ProcessConnections(await servers.CreateDatabaseAsync(Queue, cancellationToken), servers.RabbitMq);
        await using var submitters = await CpuSubmitters.StartAsync(connections, Queue, work.Rounds, cancellationToken);
        (int Processes, int Slots)[] shapes = [(cores, SlotsPerCore), (2 * cores, SlotsPerCore / 2)];
        var runs = shapes.ToDictionary(shape => shape, _ => new List<IReadOnlyDictionary<string, double>>());
        Console.WriteLine($"{Name}: {work.Tasks:N0} tasks a run");
        for (var round = 0; round < repeats; round++)
        {
            foreach (var shape in round % 2 == 0 ? shapes : shapes.Reverse())
            {
                await using var run = await CpuRun.StartAsync(servers, connections, submitters, shape.Processes, shape.Slots, cancellationToken);
                var figures = await run.RunAsync(work, cancellationToken);
                runs[shape].Add(figures);
                Console.WriteLine($"  round {round + 1}  {NameOf(shape)}: {string.Join(", ", figures.Select(figure => $"{figure.Key} {figure.Value:0.##}"))}");
            }
        }

        var conditions = new Dictionary<string, string>
        {
            ["tasks"] = $"{work.Tasks.ToString("N0", CultureInfo.InvariantCulture)} of {TaskCpu.TotalMilliseconds:0} ms CPU ({work.Rounds:N0} rounds)",
            ["cancels"] = $"{work.Cancels} among {work.Tasks / 2:N0} tasks, then all of {cores * SlotsPerCore} slots at once",
            ["repeats"] = $"{repeats}, interleaved, each with new consumer processes that have run {WarmUp} tasks before",
        };
        return new FiguresResult(
            Name, conditions, await servers.FactsAsync(cancellationToken), [.. shapes.Select(shape => new FigureRow(NameOf(shape), runs[shape]))]);
    }

    private static string NameOf((int Processes, int Slots) shape) => $"{shape.Processes} processes, {shape.Slots} slots each";
}
