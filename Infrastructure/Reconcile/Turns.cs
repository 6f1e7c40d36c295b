using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>The statement that decides whose turn it is.</summary>
public static class TurnSql
{
    /// <summary>Takes the turn if it is due: a compare-and-set, by Postgres's clock. Index: primary key of turns.</summary>
    public const string Take = """
        UPDATE messaging.turns SET next_at = clock_timestamp() + $2::interval WHERE work = $1 AND next_at <= clock_timestamp()
        """;

    /// <summary>Puts the next turn at another time. Index: primary key of turns.</summary>
    public const string Postpone = "UPDATE messaging.turns SET next_at = clock_timestamp() + $2::interval WHERE work = $1";
}

/// <summary>
/// Work that one process at a time does: whoever asks first when it is due. Who dies at it is followed by another when the next turn is
/// due. A turn that takes longer than its interval may overlap with the next, so all such work must bear that.
/// </summary>
public sealed class Turns(LedgerConnections ledger)
{
    /// <summary>True if the work is this process's to do now.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<bool> TakeAsync(string work, TimeSpan interval, CancellationToken cancellationToken) =>
        await ExecuteAsync(TurnSql.Take, work, interval, cancellationToken) > 0;

    /// <summary>Sets when the next turn is due: the work could not be done.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public Task PostponeAsync(string work, TimeSpan delay, CancellationToken cancellationToken) =>
        ExecuteAsync(TurnSql.Postpone, work, delay, cancellationToken);

    private async Task<int> ExecuteAsync(string sql, string work, TimeSpan interval, CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = work });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = interval });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
