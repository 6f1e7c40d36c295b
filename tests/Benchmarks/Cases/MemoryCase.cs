using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>Whether the memory of our processes stays flat over a great many tasks.</summary>
internal sealed class MemoryCase : IBenchCase
{
    private const int Slots = 300;
    private const int DefaultTasks = 2_000_000;
    private const int Steps = 10;
    private const int WarmUpTasks = 20_000;

    /// <inheritdoc/>
    public string Name => "memory";

    /// <inheritdoc/>
    public string Description => $"resident memory of our processes in ten steps over {DefaultTasks:N0} tasks, from the library and over HTTP; one round";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var tasks = settings.Tasks ?? (settings.Quick ? BenchSettings.QuickTasks : DefaultTasks);
        await using var servers = await BenchServers.StartAsync(cancellationToken);
        var systems = new Dictionary<string, IReadOnlyList<MemoryStep>>();
        foreach (var (name, shape) in (IEnumerable<(string, SystemShape)>)
            [("library", new("memory", Slots)), ("HTTP NDJSON", new("memoryhttp", Slots, OverHttp: true))])
        {
            if (name.Contains(settings.Only, StringComparison.OrdinalIgnoreCase))
                systems[name] = await MeasureAsync(name, servers, shape, tasks, cancellationToken);
        }

        var conditions = new Dictionary<string, string>
        {
            ["tasks"] = tasks.ToString("N0", CultureInfo.InvariantCulture),
            ["payload"] = $"{Payload.Bytes} B",
            ["repeats"] = $"1, in {Steps} steps, after a warm-up",
            ["slots"] = Slots.ToString("N0", CultureInfo.InvariantCulture),
        };
        return new MemoryResult(Name, conditions, await servers.FactsAsync(cancellationToken), systems);
    }

    /// <summary>What was stored is counted once, at the end: counting millions of rows at each step would be work of its own.</summary>
    private static async Task<IReadOnlyList<MemoryStep>> MeasureAsync(
        string name, BenchServers servers, SystemShape shape, int tasks, CancellationToken cancellationToken)
    {
        Console.WriteLine($"memory: {name}, {tasks:N0} tasks");
        await using var system = await WholeSystem.StartAsync(name, servers, shape, cancellationToken);
        var step = Math.Max(1, tasks / Steps);
        await system.WarmUpAsync(Math.Min(step, WarmUpTasks), cancellationToken);
        var steps = new List<MemoryStep>();
        while (steps.Count < Steps)
        {
            var sample = await system.StreamAsync(step, cancellationToken);
            steps.Add(new MemoryStep((steps.Count + 1) * step, sample.Rate, system.ResidentMiB(), sample.PeakMiB));
            Console.WriteLine($"  {steps[^1].TasksDone,10:N0} tasks {string.Join(", ", steps[^1].ResidentMiB.Select(part => $"{part.Key} {part.Value:N0} MiB"))}");
        }

        await system.CheckAsync(cancellationToken);
        return steps;
    }
}
