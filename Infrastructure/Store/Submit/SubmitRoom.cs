using Messaging.Infrastructure.Outbox;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>
/// Room in the relay for what a submit publishes, one reservation for each outbox row: a queue that has had its share leaves its row to
/// the sweeper, and the others theirs to the relay. Disposing it gives back what was not handed over.
/// </summary>
internal sealed class SubmitRoom : IDisposable
{
    private readonly IReadOnlyList<OutboxBatch> _rows;
    private readonly IRelayReservation?[] _reservations;

    /// <summary>Reserves what can be had.</summary>
    /// <param name="rows">The outbox rows.</param>
    /// <param name="relay">The relay; null: no room is to be had, all rows are left to a sweeper.</param>
    public SubmitRoom(IReadOnlyList<OutboxBatch> rows, IRelayInbox? relay)
    {
        _rows = rows;
        _reservations = [.. rows.Select(row => relay?.TryReserve(row.Queue, row.Tasks.Count))];
    }

    /// <summary>The instance whose relay has the row; null: nobody's.</summary>
    public Guid? OwnerOf(int row) => _reservations[row]?.Owner;

    /// <summary>The rows are committed.</summary>
    public void HandOver()
    {
        for (var i = 0; i < _rows.Count; i++)
            _reservations[i]?.HandOver([_rows[i]]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var reservation in _reservations)
            reservation?.Dispose();
    }
}
