using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Expire;

/// <summary>Ends tasks that could not start before their deadline, by Postgres's clock: state expired, failure <c>deadline-passed</c>.</summary>
public sealed class ExpireStage(LedgerConnections ledger)
{
    /// <summary>The most tasks in one statement.</summary>
    public const int BatchSize = 500;

    private const string Failure =
        $$"""{"code":"{{FailureCodes.DeadlinePassed}}","message":"It could not start before its deadline.","retryable":false}""";

    /// <summary>Ends what is past its deadline now, one batch; answers how many tasks that were.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(ExpireSql.Sweep);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Failure });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BatchSize });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Ends those of the given tasks, whose claim was refused, that are past their deadline.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public static async Task ExpireRefusedAsync(NpgsqlConnection connection, Guid[] taskIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        await using var batch = connection.CreateBatch();
        batch.Add(ExpireSql.Refused, Failure, taskIds);
        await batch.ExecutePreparedAsync(cancellationToken);
    }
}
