using Messaging.Infrastructure.Migrations;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read.Tables;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>Lists the consumer processes.</summary>
public sealed class WorkerList(LedgerConnections ledger)
{
    /// <summary>All consumers that have not been declared dead, oldest first.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyList<WorkerRow>> ReadAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var db = MessagingDbContext.ForReading(connection);
        return await db.Workers.Where(w => w.Role == "consumer").OrderBy(w => w.StartedAt).ThenBy(w => w.Id).ToListAsync(cancellationToken);
    }
}
