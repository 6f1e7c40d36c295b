namespace Messaging.Infrastructure.Outbox;

/// <summary>
/// Where a stage that is about to commit outbox rows hands them to this process's relay, straight from memory.
/// The room is reserved before the commit: with it the rows carry this instance as owner, without it they have no owner and a
/// sweeper takes them. So accepting never waits for the relay, and no committed row is in nobody's hands.
/// </summary>
public interface IRelayInbox
{
    /// <summary>
    /// Reserves room for <paramref name="tasks"/> tasks of one queue; null if the queue has its share of the relay's memory, or the relay
    /// has stopped, or this process has none.
    /// </summary>
    IRelayReservation? TryReserve(string queue, int tasks);

    /// <summary>The same for tasks whose queues are not known yet.</summary>
    IRelayReservation? TryReserve(int tasks);
}

/// <summary>Room in the relay's memory. Disposing it without <see cref="HandOver"/> gives the room back.</summary>
public interface IRelayReservation : IDisposable
{
    /// <summary>The instance that must stand as owner in the outbox rows.</summary>
    Guid Owner { get; }

    /// <summary>True if it is for one task that has leave to be sent ahead by express: the relay has little to do.</summary>
    bool MayGoAhead { get; }

    /// <summary>The rows are committed: publish and settle them.</summary>
    void HandOver(IReadOnlyList<OutboxBatch> batches);
}
