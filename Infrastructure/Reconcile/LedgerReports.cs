using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Npgsql;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>Reads what the last comparison found, from wherever it was made.</summary>
public sealed class LedgerReports(LedgerConnections ledger, Repairs repairs)
{
    /// <summary>The last report.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<LedgerReport> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(CompareSql.Read);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var recent = reader.GetGuid(2);
        return new LedgerReport
        {
            CheckedAt = await reader.IsDBNullAsync(0, cancellationToken) ? null : new DateTimeOffset(reader.GetDateTime(0), TimeSpan.Zero),
            CheckedBy = await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetGuid(1),
            CheckedUpTo = recent == Guid.Empty ? null : IdTime.Of(recent),
            Accepted = reader.GetInt64(3),
            Ended = reader.GetInt64(4),
            Scheduled = reader.GetInt64(5),
            Waiting = reader.GetInt64(6),
            Queued = reader.GetInt64(7),
            Running = reader.GetInt64(8),
            Unaccounted = reader.GetInt64(9),
            Overdue = reader.GetInt64(10),
            Orphans = reader.GetInt64(11),
            OutboxRows = reader.GetInt64(12),
            OutboxLag = TimeSpan.FromMilliseconds(reader.GetInt64(13)),
            Duration = TimeSpan.FromMilliseconds(reader.GetInt64(14)),
            Repairs = await repairs.ReadAsync(cancellationToken),
        };
    }
}
