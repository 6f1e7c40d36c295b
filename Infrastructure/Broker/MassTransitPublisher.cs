using System.Collections.Concurrent;
using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Broker;

/// <summary>Sends packs through MassTransit: mandatory, durable, confirmed, as plain JSON.</summary>
internal sealed class MassTransitPublisher(PublishingBus bus) : ITaskPublisher
{
    // Names are the callers' choice and come and go; a destination is cheap to make again.
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, Destination> _destinations = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task PublishAsync(string queue, RunTasks message, CancellationToken cancellationToken)
    {
        if (!_destinations.TryGetValue(queue, out var destination))
        {
            if (_destinations.Count >= MostRemembered)
                _destinations.Clear();
            destination = _destinations.GetOrAdd(queue, static q => new Destination(QueueNames.OfTasks(q)));
        }

        using var outgoing = new OutgoingMessage(RunTasksWriter.Write(message), cancellationToken);
        await bus.SendAsync(destination, outgoing, cancellationToken);
    }
}
