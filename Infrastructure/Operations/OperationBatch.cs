using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.DeadLetters;
using Npgsql;

namespace Messaging.Infrastructure.Operations;

/// <summary>What came of one batch.</summary>
/// <param name="GoesOn">False: the operation has ended, or is no longer this instance's.</param>
/// <param name="Wait">How long its pace wants it to wait before the next batch.</param>
public readonly record struct BatchAnswer(bool GoesOn, TimeSpan Wait);

/// <summary>
/// One step of an operation. One transaction locks the operation's row, reads where it is, moves the next dead letters and the cursor: all or
/// nothing. So whoever goes on after a crash does nothing twice, and an instance that was declared dead meanwhile does nothing at all.
/// </summary>
public sealed class OperationBatch(LedgerConnections ledger, OutboxSignal outbox)
{
    /// <summary>The most dead letters in one transaction.</summary>
    public const int MostMoved = 500;

    /// <summary>The most dead letters looked at in one transaction.</summary>
    public const int MostLooked = 2_000;

    // With a pace: so many batches a second, so that it is even.
    private const int PacedBatchesPerSecond = 4;

    /// <summary>Makes the next step, or says how long to wait for it.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached; the step was made whole or not at all.</exception>
    public async Task<BatchAnswer> StepAsync(Guid operationId, Guid worker, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(connection, operationId, worker, cancellationToken) is not { } position)
            return new BatchAnswer(false, TimeSpan.Zero);
        if (position.Wait > TimeSpan.Zero)
            return new BatchAnswer(true, position.Wait);

        var operation = position.Operation;
        var before = operation.Filter.FinishedBefore < operation.CreatedAt ? operation.Filter.FinishedBefore.Value : operation.CreatedAt;
        var looked = await DeadLetterWalk.OldestFirstAsync(
            connection, operation.Filter with { FinishedBefore = before }, position.Cursor, MostLooked, cancellationToken);
        var most = operation.RatePerSecond is { } rate ? Math.Clamp(rate / PacedBatchesPerSecond, 1, MostMoved) : MostMoved;
        var matching = looked.Entries.Select(e => e.Position).Take(most + 1).ToList();
        var full = matching.Count > most;
        if (full)
            matching.RemoveAt(most);
        var cursor = full ? matching[^1] : looked.Last ?? position.Cursor;
        var ended = !full && looked.Last is null;

        var sql = operation.Action == OperationAction.Retry ? DeadLetterSql.Retry : DeadLetterSql.Discard;
        var moved = await MoveAsync(connection, transaction, sql, [.. matching.Select(p => p.TaskId).Order()], before, cancellationToken);
        await AdvanceAsync(connection, operationId, cursor, moved, ended, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (moved.Done > 0)
            outbox.Wake();
        return new BatchAnswer(!ended, TimeSpan.Zero);
    }

    private static async Task<(Operation Operation, DeadLetterPosition Cursor, TimeSpan Wait)?> LockAsync(
        NpgsqlConnection connection, Guid operationId, Guid worker, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OperationSql.Lock, connection)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = operationId }, new NpgsqlParameter<Guid> { TypedValue = worker } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        return (
            OperationStore.Read(reader),
            new DeadLetterPosition(reader.GetDateTime(20), reader.GetGuid(21)),
            await reader.IsDBNullAsync(22, cancellationToken) ? TimeSpan.Zero : TimeSpan.FromSeconds(reader.GetDouble(22)));
    }

    /// <summary>Moves dead letters; if the ledger refuses one of them, each by itself.</summary>
    private static async Task<Moved> MoveAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string sql, Guid[] ids, DateTimeOffset before, CancellationToken cancellationToken)
    {
        if (ids.Length == 0)
            return default;
        await transaction.SaveAsync("batch", cancellationToken);
        try
        {
            var done = await MoveAsync(connection, sql, ids, before, cancellationToken);
            return new Moved(done, ids.Length - done, 0, null);
        }
        catch (PostgresException e) when (LedgerErrors.IsDataError(e))
        {
            await transaction.RollbackAsync("batch", cancellationToken);
            if (ids.Length == 1)
                return new Moved(0, 0, 1, $"Task {ids[0]}: {e.MessageText}");
        }

        var moved = default(Moved);
        foreach (var id in ids)
            moved += await MoveAsync(connection, transaction, sql, [id], before, cancellationToken);
        return moved;
    }

    private static async Task<int> MoveAsync(NpgsqlConnection connection, string sql, Guid[] ids, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = ids }, Parameters.Time(before) },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var moved = 0;
        while (await reader.ReadAsync(cancellationToken))
            moved++;
        return moved;
    }

    private static async Task AdvanceAsync(
        NpgsqlConnection connection, Guid operationId, DeadLetterPosition cursor, Moved moved, bool ended, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OperationSql.Advance, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = operationId },
                new NpgsqlParameter<DateTime> { TypedValue = cursor.FinishedAt },
                new NpgsqlParameter<Guid> { TypedValue = cursor.TaskId },
                new NpgsqlParameter<long> { TypedValue = moved.Done },
                new NpgsqlParameter<long> { TypedValue = moved.Skipped },
                new NpgsqlParameter<long> { TypedValue = moved.Failed },
                new NpgsqlParameter<string?> { TypedValue = moved.Error },
                new NpgsqlParameter<bool> { TypedValue = ended },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private readonly record struct Moved(int Done, int Skipped, int Failed, string? Error)
    {
        public static Moved operator +(Moved one, Moved other) =>
            new(one.Done + other.Done, one.Skipped + other.Skipped, one.Failed + other.Failed, other.Error ?? one.Error);
    }
}
