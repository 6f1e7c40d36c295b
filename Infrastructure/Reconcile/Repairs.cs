using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>The statements that keep count of repairs.</summary>
public static class RepairSql
{
    /// <summary>Adds to a sort. Index: primary key of ledger_repairs.</summary>
    public const string Count = """
        INSERT INTO messaging.ledger_repairs AS r (sort, repaired) VALUES ($1, $2)
        ON CONFLICT (sort) DO UPDATE SET repaired = r.repaired + excluded.repaired, last_at = now()
        """;

    /// <summary>All sorts; there are four.</summary>
    public const string Read = "SELECT sort, repaired FROM messaging.ledger_repairs ORDER BY sort";
}

/// <summary>Says of each repair that it was made: in the log, in the metric, and in the ledger, where every process can read it.</summary>
public sealed class Repairs(LedgerConnections ledger, ReconcileMeter meter, ILogger<Repairs> log)
{
    /// <summary>Counts repairs of one of the <see cref="RepairSorts"/>; nothing for none.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached; the repair stands, the ledger's count lacks it.</exception>
    public async Task CountAsync(string sort, long tasks, CancellationToken cancellationToken)
    {
        if (tasks == 0)
            return;
        log.Repaired(tasks, sort);
        meter.Repaired(sort, tasks);
        await using var command = ledger.Control.CreateCommand(RepairSql.Count);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sort });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tasks });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What was repaired since the ledger began, by sort.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyDictionary<string, long>> ReadAsync(CancellationToken cancellationToken)
    {
        var repairs = new Dictionary<string, long>(StringComparer.Ordinal);
        await using var command = ledger.Control.CreateCommand(RepairSql.Read);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            repairs[reader.GetString(0)] = reader.GetInt64(1);
        return repairs;
    }
}
