using System.Globalization;
using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>
/// Tasks per second and CPU per task from the first submit to the last result, submitter and consumer running together, beside
/// MassTransit alone, which stores nothing.
/// </summary>
internal sealed class EndToEnd : IBenchCase
{
    // A slot is taken while a task is claimed, too: some hundreds keep the claims busy with no-op tasks.
    private const int Slots = 300;

    /// <inheritdoc/>
    public string Name => "end-to-end";

    /// <inheritdoc/>
    public string Description => "no-op tasks from the first submit to the last stored result, from the library and over HTTP, beside bare MassTransit";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        await using var lineup = await Lineup.StartAsync(Name, settings, cancellationToken);
        await lineup.AddAsync(BareMassTransit.Name, _ => BareMassTransit.StartAsync(lineup.Servers, raw: false, cancellationToken));
        await lineup.AddAsync("bare MassTransit, raw JSON", _ => BareMassTransit.StartAsync(lineup.Servers, raw: true, cancellationToken));
        await lineup.AddAsync("library, packed", name => StartAsync(name, new("packed", Slots)));
        await lineup.AddAsync("library, unpacked", name => StartAsync(name, new("unpacked", Slots, PackSize: 1)));
        await lineup.AddAsync("HTTP NDJSON, packed", name => StartAsync(name, new("http", Slots, OverHttp: true)));
        return await lineup.RunAsync(
            settings.TasksOrDefault, new Dictionary<string, string> { ["slots"] = Slots.ToString("N0", CultureInfo.InvariantCulture) }, cancellationToken);

        Task<WholeSystem> StartAsync(string name, SystemShape shape) => WholeSystem.StartAsync(name, lineup.Servers, shape, cancellationToken);
    }
}
