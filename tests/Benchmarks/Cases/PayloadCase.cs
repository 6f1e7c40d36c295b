using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Benchmarks.Roles;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>What larger inputs cost, end to end, each beside MassTransit with messages of the same size.</summary>
internal sealed class PayloadCase : IBenchCase
{
    private const int Slots = 300;

    // What one commit takes at most: larger batches would only be memory.
    private const int BatchBytes = 4 * 1024 * 1024;
    private const int BatchTasks = 500;

    private static readonly (string Size, int Bytes, double Share)[] Sizes =
        [("200 B", Payload.Bytes, 1), ("10 KiB", 10 * 1024, 0.2), ("200 KiB", 200 * 1024, 0.02)];

    /// <inheritdoc/>
    public string Name => "payload";

    /// <inheritdoc/>
    public string Description => "end to end from the library with inputs of 200 B, 10 KiB and 200 KiB, each beside bare MassTransit with the same";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        await using var lineup = await Lineup.StartAsync(Name, settings, cancellationToken);
        var sizes = settings.Quick ? [Sizes[0], Sizes[^1]] : Sizes;
        foreach (var (size, bytes, share) in sizes)
        {
            await lineup.AddFloorAsync($"{BareMassTransit.Name}, {size}", async name => new FewerTasks(
                await BareMassTransit.StartAsync(name, lineup.Servers, bytes, cancellationToken), share));
            var shape = new SystemShape($"payload{bytes}", Slots, PayloadBytes: bytes, Batch: Math.Clamp(BatchBytes / bytes, 1, BatchTasks));
            await lineup.AddAsync($"library, {size}", async name => new FewerTasks(
                await WholeSystem.StartAsync(name, lineup.Servers, shape, cancellationToken), share));
        }

        var tasks = settings.TasksOrDefault;
        return await lineup.RunAsync(
            tasks,
            new Dictionary<string, string>
            {
                ["tasks"] = string.Join(", ", sizes.Select(s => $"{(tasks * s.Share).ToString("N0", CultureInfo.InvariantCulture)} of {s.Size}")),
                ["payload"] = "random letters",
                ["slots"] = Slots.ToString("N0", CultureInfo.InvariantCulture),
            },
            cancellationToken);
    }
}
