using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Callbacks;

/// <summary>Callbacks as the ledger has them: what is to be sent, what was, and how it went.</summary>
public sealed class CallbackDeliveries(LedgerConnections ledger, OutboxSignal outbox)
{
    private const int LongestError = 500;

    /// <summary>
    /// Reads all that is needed to send a callback; null if there is no such delivery: its task was removed, or a task of this kind was not made by
    /// the ledger.
    /// </summary>
    /// <param name="taskId">The task that has ended.</param>
    /// <param name="delivery">The task that sends it.</param>
    /// <param name="largestResult">A result with more bytes is left out.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<CallbackDelivery?> LoadAsync(Guid taskId, Guid delivery, int largestResult, CancellationToken cancellationToken)
    {
        // Read by the plans of live events, in a pool that a consumer needs for nothing else: claims don't wait for it.
        await using var connection = await ledger.Events.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(CallbackSql.Load, taskId, delivery);
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? ReadDelivery(reader, taskId, largestResult) : null;
    }

    /// <summary>Notes a request that was sent.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task LogAsync(Guid taskId, Guid delivery, CallbackAttempt attempt, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        await using var connection = await ledger.Relaxed.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(
            CallbackSql.Log,
            taskId,
            delivery,
            Parameters.Time(attempt.SentAt),
            (float)attempt.Duration.TotalMilliseconds,
            attempt.Attempt,
            new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Smallint, Value = attempt.Status is { } status ? (short)status : DBNull.Value },
            new NpgsqlParameter
            {
                NpgsqlDbType = NpgsqlDbType.Text,
                Value = attempt.Error is { } error ? Parameters.Scrub(error, LongestError) : DBNull.Value,
            });
        await batch.ExecutePreparedAsync(cancellationToken);
    }

    /// <summary>Whom a task wants to be told, and how that went; null if there is no such task.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<TaskCallbacks?> ListAsync(Guid taskId, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(CallbackSql.Asked, taskId);
        batch.Add(CallbackSql.Attempts, taskId);
        batch.Add(CallbackSql.Deliveries, taskId);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var asked = ReadAsked(reader);
        await reader.NextResultAsync(cancellationToken);
        var attempts = new List<(Guid Delivery, CallbackAttempt Attempt)>();
        while (await reader.ReadAsync(cancellationToken))
            attempts.Add((reader.GetGuid(0), ReadAttempt(reader)));
        await reader.NextResultAsync(cancellationToken);
        var byDelivery = attempts.ToLookup(a => a.Delivery, a => a.Attempt);
        var deliveries = new List<ListedDelivery>();
        while (await reader.ReadAsync(cancellationToken))
            deliveries.Add(ReadListed(reader, [.. byDelivery[reader.GetGuid(0)]]));
        return new TaskCallbacks(asked, deliveries);
    }

    /// <summary>
    /// Sends a callback once more, under the same <c>webhook-id</c>. One that waits for its next attempt is sent now instead, and one that is being sent
    /// already is left to that.
    /// </summary>
    /// <returns>The delivery that sends it; null if there is no such one.</returns>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<Guid?> ResendAsync(Guid taskId, Guid delivery, OnBehalf by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(by);
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!(bool)(await ScalarAsync(connection, CallbackSql.Exists, [taskId, delivery], cancellationToken))!)
            return null;
        await ScalarAsync(connection, CallbackSql.Hurry, [delivery], cancellationToken);
        var again = await ScalarAsync(connection, CallbackSql.Again, [taskId, delivery], cancellationToken) as Guid?;
        await AuditTrail.WriteAsync(connection, by, AuditActions.ResendCallback, $"task:{taskId}", new { delivery, by = again ?? delivery }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (again is not null)
            outbox.Wake();
        return again ?? delivery;
    }

    private static CallbackDelivery ReadDelivery(NpgsqlDataReader reader, Guid taskId, int largestResult)
    {
        var state = reader.GetInt16(4);
        var (url, endpoint) = (Text(reader, 5), Text(reader, 6));
        return new CallbackDelivery(
            reader.GetGuid(0),
            TaskReader.Time(reader, 1)!.Value,
            state == 0 || reader.IsDBNull(8) ? null : ReadTask(reader, taskId, (TaskState)state, largestResult),
            state == 0,
            endpoint is null ? new CallbackTarget(url, null, false) : new CallbackTarget(Text(reader, 15), endpoint, reader.GetBoolean(16)),
            reader.GetFieldValue<byte[][]>(17));
    }

    private static NewCallback? ReadAsked(NpgsqlDataReader reader) => reader.IsDBNull(0) && reader.IsDBNull(1)
        ? null
        : new NewCallback(Text(reader, 0), Text(reader, 1), reader.IsDBNull(2) ? null : (CallbackEvents)reader.GetInt16(2));

    private static CallbackAttempt ReadAttempt(NpgsqlDataReader reader) => new(
        TaskReader.Time(reader, 1)!.Value,
        reader.GetInt32(2),
        TimeSpan.FromMilliseconds(reader.GetFloat(3)),
        reader.IsDBNull(4) ? null : reader.GetInt16(4),
        Text(reader, 5));

    private static ListedDelivery ReadListed(NpgsqlDataReader reader, IReadOnlyList<CallbackAttempt> attempts)
    {
        var state = reader.GetInt16(2);
        return new ListedDelivery(
            reader.GetGuid(0),
            reader.GetGuid(1),
            state == 0 ? null : (TaskState)state,
            TaskReader.Time(reader, 3)!.Value,
            new CallbackTarget(Text(reader, 4), Text(reader, 5), IsDisabled: false),
            reader.IsDBNull(6) ? null : (TaskState)reader.GetInt16(6),
            TaskReader.Time(reader, 7),
            TaskReader.ReadFailure(Text(reader, 8)),
            attempts);
    }

    private static TaskResponse ReadTask(NpgsqlDataReader reader, Guid taskId, TaskState state, int largestResult)
    {
        var result = TaskReader.Bytes(reader, 14);
        var failure = TaskReader.ReadFailure(Text(reader, 7));
        return new TaskRecord
        {
            Id = taskId,
            Kind = reader.GetString(8),
            Queue = reader.GetString(9),
            State = state,
            Result = result is { } text && (text.Length > largestResult || LargeTexts.IsReference(text.Span)) ? null : result,
            Failure = failure,
            Attempt = reader.GetInt32(3),
            MaxAttempts = reader.GetInt32(10),
            Tags = reader.IsDBNull(12) ? [] : reader.GetFieldValue<string[]>(12),
            RunAt = TaskReader.Time(reader, 11),
            Deadline = TaskReader.Time(reader, 13),
            StartedAt = TaskReader.Time(reader, 2),
            FinishedAt = TaskReader.Time(reader, 1),
            HasCallback = true,
        }.ToResponse();
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var id in ids)
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
