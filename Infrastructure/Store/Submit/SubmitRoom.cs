using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>
/// Room in the relay for what a submit publishes, one reservation for each outbox row: a queue that has had its share leaves its row to
/// the sweeper, and the others theirs to the relay. A single task may go ahead by express. Disposing it gives back what was not handed over.
/// </summary>
internal sealed class SubmitRoom : IDisposable
{
    private readonly OutboxBatch[] _rows;
    private readonly IRelayReservation?[] _reservations;
    private readonly NpgsqlBatchCommand?[] _copies;

    /// <summary>Reserves what can be had.</summary>
    /// <param name="rows">The outbox rows.</param>
    /// <param name="relay">The relay; null: no room is to be had, all rows are left to a sweeper.</param>
    public SubmitRoom(IReadOnlyList<OutboxBatch> rows, IRelayInbox? relay)
    {
        _rows = [.. rows];
        _reservations = [.. rows.Select(row => relay?.TryReserve(row.Queue, row.Tasks.Count))];
        _copies = new NpgsqlBatchCommand?[_rows.Length];
    }

    /// <summary>The instance whose relay has the row; null: nobody's.</summary>
    public Guid? OwnerOf(int row) => _reservations[row]?.Owner;

    /// <summary>
    /// Adds the express copies of single tasks to the round trip that commits them, behind the commit. If they are refused the tasks are
    /// stored all the same: see <see cref="Refused"/>.
    /// </summary>
    /// <param name="batch">All that is in it so far is one transaction.</param>
    /// <param name="routes">Who hears them.</param>
    /// <param name="commits">True: the last statement so far is a commit; false: the batch's own transaction is committed here.</param>
    public void AddExpress(NpgsqlBatch batch, ExpressRoutes routes, bool commits)
    {
        var last = batch.BatchCommands[^1];
        for (var i = 0; i < _rows.Length; i++)
        {
            if (_reservations[i] is not { MayGoAhead: true }
                || _rows[i].Tasks is not [{ Losses: 0, Input.Length: <= ExpressMessage.MostInputBytes }]
                || routes.Find(_rows[i].Queue) is not { } channel
                || ExpressMessage.Write(_rows[i].Queue, new RunTasks(_rows[i].Tasks)) is not { } message)
                continue;
            last.AppendErrorBarrier = !commits; // a Sync: Postgres commits
            batch.Add(ExpressSql.Tell, channel, message);
            _copies[i] = batch.BatchCommands[^1];
            _copies[i]!.AppendErrorBarrier = true; // what is refused at its commit is known to be this, too
            _rows[i] = _rows[i] with { SentAheadTo = channel };
        }
    }

    /// <summary>True if this is not the transaction's error but that of an express copy behind it: the task goes by its queue alone.</summary>
    public bool Refused(PostgresException error)
    {
        var copy = error.BatchCommand is { } command ? Array.IndexOf(_copies, command) : -1;
        if (copy < 0)
            return false;
        // Those behind it may have been refused with it; no harm is done if one was sent.
        for (var i = copy; i < _rows.Length; i++)
            _rows[i] = _rows[i] with { SentAheadTo = null };
        return true;
    }

    /// <summary>The rows are committed.</summary>
    public void HandOver()
    {
        for (var i = 0; i < _rows.Length; i++)
            _reservations[i]?.HandOver([_rows[i]]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var reservation in _reservations)
            reservation?.Dispose();
    }
}
