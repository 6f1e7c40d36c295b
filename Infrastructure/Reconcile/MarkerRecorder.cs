using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>A worker's side of markers: notes that one came out of its queue.</summary>
public sealed class MarkerRecorder(LedgerConnections ledger)
{
    /// <summary>Records a marker's consumption; one that nobody waits for is ignored.</summary>
    /// <param name="marker">The marker.</param>
    /// <param name="receivedAt">When the worker received it, by the ledger's clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached; saying it again is safe.</exception>
    public async Task RecordAsync(Guid marker, DateTimeOffset receivedAt, CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(MarkerSql.Consumed);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = marker });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = receivedAt.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
