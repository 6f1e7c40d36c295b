using Messaging.Contracts.Http;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.DeadLetters;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Operations;

/// <summary>An operation that somebody wants.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Filter">With which dead letters.</param>
/// <param name="RatePerSecond">The most in a second; null: as many as it can.</param>
/// <param name="Reason">Why, for those who look later.</param>
public sealed record NewOperation(OperationAction Action, DeadLetterFilter Filter, int? RatePerSecond, string? Reason);

/// <summary>Accepts, shows and stops operations. <see cref="OperationRunner"/> executes them.</summary>
public sealed class OperationStore(LedgerConnections ledger, LedgerClock clock, OperationSignal signal)
{
    /// <summary>Accepts an operation; after the commit it goes on whatever happens to this process.</summary>
    /// <param name="operation">What to do.</param>
    /// <param name="count">How many match by now.</param>
    /// <param name="by">For the audit log, in the same transaction; null: nobody.</param>
    /// <param name="cancellationToken">Gives up waiting; it may be accepted all the same.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<Operation> AcceptAsync(NewOperation operation, DeadLetterCount count, OnBehalf? by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentNullException.ThrowIfNull(count);
        var id = clock.NewId();
        await using (var connection = await ledger.Web.OpenConnectionAsync(cancellationToken))
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        await using (var command = new NpgsqlCommand(OperationSql.Insert, connection))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Word(operation.Action) });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = operation.Filter.Kind });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = operation.Filter.Queue });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = operation.Filter.Fingerprint });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = operation.Filter.Tag });
            command.Parameters.Add(Parameters.Time(operation.Filter.FinishedAfter));
            command.Parameters.Add(Parameters.Time(operation.Filter.FinishedBefore));
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Integer, Value = operation.RatePerSecond is { } rate ? rate : DBNull.Value });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = operation.Reason is { } reason ? Parameters.Scrub(reason, reason.Length) : null });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = count.Count });
            command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = count.IsExact });
            await command.ExecuteNonQueryAsync(cancellationToken);
            if (by is not null)
            {
                var filter = operation.Filter;
                var details = new
                {
                    Action = Word(operation.Action),
                    Filter = new DeadLetterFilterShape(filter.Kind, filter.Queue, filter.Fingerprint, filter.Tag, filter.FinishedAfter, filter.FinishedBefore),
                    Total = count.Count,
                    operation.RatePerSecond,
                };
                await AuditTrail.WriteAsync(connection, by, AuditActions.StartOperation, $"operation:{id}", details, cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }

        signal.Wake();
        return (await FindAsync(id, cancellationToken))!;
    }

    /// <summary>Reads an operation; null if there is none.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<Operation?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = ledger.Web.CreateCommand(OperationSql.Find);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    /// <summary>Reads operations, newest first.</summary>
    /// <param name="after">Only those before this one; null: from the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyList<Operation>> ListAsync(Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var command = ledger.Web.CreateCommand(OperationSql.List);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = after ?? Guid.AllBitsSet });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var operations = new List<Operation>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            operations.Add(Read(reader));
        return operations;
    }

    /// <summary>Stops an operation. Once this returns, it does nothing more. False: it had ended, or there is none.</summary>
    /// <param name="id">The operation.</param>
    /// <param name="by">For the audit log, in the same transaction; null: nobody.</param>
    /// <param name="cancellationToken">Gives up waiting; it may be stopped all the same.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<bool> StopAsync(Guid id, OnBehalf? by, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(OperationSql.Stop, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = id } } };
        if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
            return false;
        if (by is not null)
            await AuditTrail.WriteAsync(connection, by, AuditActions.StopOperation, $"operation:{id}", null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Reads the columns that all statements have in common.</summary>
    internal static Operation Read(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetGuid(0),
        Action = Enum.Parse<OperationAction>(reader.GetString(1), ignoreCase: true),
        State = (OperationState)reader.GetInt16(2),
        Filter = new DeadLetterFilter(Text(reader, 3), Text(reader, 4), Text(reader, 5), Text(reader, 6), Time(reader, 7), Time(reader, 8)),
        RatePerSecond = reader.IsDBNull(9) ? null : reader.GetInt32(9),
        Reason = Text(reader, 10),
        Total = reader.GetInt64(11),
        TotalIsExact = reader.GetBoolean(12),
        Done = reader.GetInt64(13),
        Skipped = reader.GetInt64(14),
        Failed = reader.GetInt64(15),
        Error = Text(reader, 16),
        CreatedAt = Time(reader, 17)!.Value,
        StartedAt = Time(reader, 18),
        FinishedAt = Time(reader, 19),
    };

    private static string Word(OperationAction action) => action == OperationAction.Retry ? "retry" : "discard";

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetDateTime(column), TimeSpan.Zero);
}
