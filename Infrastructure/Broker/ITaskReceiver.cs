using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Broker;

/// <summary>The consumer's side of the broker: the bus edge hands every delivery to it.</summary>
public interface ITaskReceiver
{
    /// <summary>True if a task that is delivered now would start at once; the watch over the deliveries asks.</summary>
    bool HasRoom { get; }

    /// <summary>
    /// Takes a delivery. It is acknowledged when the returned task completes, which means: each of its tasks is final, claimed, handed
    /// back in a committed transaction, or not this worker's to run. It never faults; a cancelled or faulted one is redelivered.
    /// </summary>
    /// <param name="queue">The task queue's own name, without prefix.</param>
    /// <param name="message">A copy that stays valid after the return.</param>
    /// <param name="cancellationToken">Cancelled when the endpoint stops or the channel is gone.</param>
    Task ReceiveAsync(string queue, RunTasks message, CancellationToken cancellationToken);
}
