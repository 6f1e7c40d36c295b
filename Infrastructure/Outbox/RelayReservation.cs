namespace Messaging.Infrastructure.Outbox;

/// <summary>Room for a number of tasks, until it is handed over or given back.</summary>
/// <param name="relay">Whose room.</param>
/// <param name="queue">The tasks' queue; null if that is not known yet.</param>
/// <param name="tasks">How many.</param>
/// <param name="owner">The instance that must stand as owner in the rows.</param>
/// <param name="mayGoAhead">Whether the task, if it is one, may go by express.</param>
internal sealed class RelayReservation(OutboxRelay relay, string? queue, int tasks, Guid owner, bool mayGoAhead) : IRelayReservation
{
    private int _used;

    /// <inheritdoc/>
    public Guid Owner { get; } = owner;

    /// <inheritdoc/>
    public bool MayGoAhead { get; } = mayGoAhead;

    /// <summary>The tasks' queue; null if that is not known yet.</summary>
    public string? Queue { get; } = queue;

    /// <summary>How many tasks there is room for.</summary>
    public int Tasks { get; } = tasks;

    /// <inheritdoc/>
    public void HandOver(IReadOnlyList<OutboxBatch> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ObjectDisposedException.ThrowIf(Interlocked.Exchange(ref _used, 1) == 1, this);
        relay.HandOver(this, batches);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _used, 1) == 0)
            relay.HandOver(this, []);
    }
}
