using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>How fast a backlog goes once a consumer is started, beside MassTransit's send and consume together.</summary>
internal sealed class Drain : IBenchCase
{
    private const int Slots = 300;

    /// <inheritdoc/>
    public string Name => "drain";

    /// <inheritdoc/>
    public string Description => "a consumer started on a published backlog, first claim to last result, beside bare MassTransit send + consume";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        await using var lineup = await Lineup.StartAsync(Name, settings, cancellationToken);
        await lineup.AddAsync(BareMassTransit.Name, _ => BareMassTransit.StartAsync(lineup.Servers, raw: false, cancellationToken));
        await lineup.AddAsync("library, packed", name => Backlog.StartAsync(name, lineup.Servers, new SystemShape("backlog", Slots), cancellationToken));
        // Twice the usual number: the first half second of a new process counts for less.
        return await lineup.RunAsync(
            settings.Tasks ?? 2 * settings.TasksOrDefault,
            new Dictionary<string, string> { ["slots"] = Slots.ToString("N0", CultureInfo.InvariantCulture) },
            cancellationToken);
    }
}
