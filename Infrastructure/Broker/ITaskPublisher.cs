using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Broker;

/// <summary>The way to the broker, as the relay sees it.</summary>
public interface ITaskPublisher
{
    /// <summary>Sends a pack to a queue; returns when the broker has confirmed it and it was routed. Many calls may run at once.</summary>
    /// <param name="queue">The task queue's own name, without prefix.</param>
    /// <param name="message">The pack.</param>
    /// <param name="cancellationToken">The deadline of the send.</param>
    /// <exception cref="Exception">Anything else than success: not confirmed, returned, no connection, too late. Sending again is safe.</exception>
    Task PublishAsync(string queue, RunTasks message, CancellationToken cancellationToken);

    /// <summary>Sends a marker through a queue, in the same way: it stands behind everything that was confirmed before.</summary>
    /// <param name="queue">The task queue's own name, without prefix.</param>
    /// <param name="marker">The marker.</param>
    /// <param name="cancellationToken">The deadline of the send.</param>
    /// <exception cref="Exception">Anything else than success. It may have been sent all the same.</exception>
    Task PublishMarkerAsync(string queue, Guid marker, CancellationToken cancellationToken) =>
        PublishAsync(queue, new RunTasks([]) { Marker = marker }, cancellationToken);
}
