using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>What a second, third and fourth consumer process adds; how busy the processors were says whether there was anything left to add.</summary>
internal sealed class ConsumersCase : IBenchCase
{
    private const int Slots = 300;

    private static readonly int[] Counts = [1, 2, 4];
    private static readonly int[] QuickCounts = [1, 2];

    /// <inheritdoc/>
    public string Name => "consumers";

    /// <inheritdoc/>
    public string Description => "end to end from the library with 1, 2 and 4 consumer processes; the first is the floor";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        await using var lineup = await Lineup.StartAsync(Name, settings, cancellationToken);
        foreach (var count in settings.Quick ? QuickCounts : Counts)
        {
            var shape = new SystemShape($"consumers{count}", Slots, Consumers: count);
            await lineup.AddAsync(
                count == 1 ? "1 consumer" : $"{count} consumers", name => WholeSystem.StartAsync(name, lineup.Servers, shape, cancellationToken));
        }

        return await lineup.RunAsync(
            settings.TasksOrDefault,
            new Dictionary<string, string> { ["slots"] = $"{Slots.ToString("N0", CultureInfo.InvariantCulture)} in each consumer" },
            cancellationToken);
    }
}
