namespace Messaging.Infrastructure.Outbox;

/// <summary>Room for a number of tasks, until it is handed over or given back.</summary>
internal sealed class RelayReservation(OutboxRelay relay, int tasks, Guid owner) : IRelayReservation
{
    private int _used;

    public Guid Owner { get; } = owner;

    public void HandOver(IReadOnlyList<OutboxBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ObjectDisposedException.ThrowIf(Interlocked.Exchange(ref _used, 1) == 1, this);
        relay.HandOver(tasks, Owner, batches);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _used, 1) == 0)
            relay.HandOver(tasks, Owner, []);
    }
}
