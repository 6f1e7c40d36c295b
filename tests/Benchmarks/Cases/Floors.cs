using Messaging.Tests.Benchmarks.Contestants;
using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>What the broker and its client can do when nothing else is there, beside MassTransit on top of them.</summary>
internal sealed class Floors : IBenchCase
{
    /// <inheritdoc/>
    public string Name => "floors";

    /// <inheritdoc/>
    public string Description => "RabbitMQ's own client, confirmed publish and consume through a quorum queue, beside bare MassTransit";

    /// <inheritdoc/>
    public async Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        await using var lineup = await Lineup.StartAsync(Name, settings, cancellationToken);
        await lineup.AddAsync(BareMassTransit.Name, _ => BareMassTransit.StartAsync(lineup.Servers, raw: false, cancellationToken));
        await lineup.AddAsync(
            "RabbitMQ.Client", name => SendAndReceive.StartAsync(name, lineup.Servers, FloorShape.RabbitMqClient("raw"), cancellationToken));
        return await lineup.RunAsync(settings.TasksOrDefault, new Dictionary<string, string> { ["in flight"] = "300 sends, prefetch 300" }, cancellationToken);
    }
}
