using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.DeadLetters;

/// <summary>What came of a person's wish for one dead letter.</summary>
public enum DeadLetterAnswer
{
    /// <summary>There is no such task.</summary>
    Unknown,

    /// <summary>It is not failed: it never was, or somebody else was quicker.</summary>
    NotFailed,

    /// <summary>It is done. A discard answers so too if it had been discarded before.</summary>
    Done,
}

/// <summary>
/// What people do with one dead letter. Each is one compare-and-set on the outcome, so of two retries at once one is told that the task is
/// not failed any more.
/// </summary>
public sealed class DeadLetterStage(LedgerConnections ledger, LargeTexts large, OutboxSignal outbox, TaskChanges changes)
{
    /// <summary>
    /// Queues a failed task again, also a discarded one. Its attempts start again at 1 and all of them are allowed; the history stays.
    /// </summary>
    /// <param name="taskId">The task.</param>
    /// <param name="input">A new input as UTF-8 JSON, checked by the caller; null: the present one.</param>
    /// <param name="by">For the audit log, in the same transaction; null: nobody.</param>
    /// <param name="cancellationToken">Gives up waiting; the retry may be committed all the same.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<DeadLetterAnswer> RetryAsync(Guid taskId, ReadOnlyMemory<byte>? input, OnBehalf? by, CancellationToken cancellationToken)
    {
        if (input is { } whole)
            input = await large.StoreAsync(taskId, whole, cancellationToken);
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        if (input is { } edited)
            batch.Add(DeadLetterSql.Edit, taskId, Parameters.Text(edited));
        batch.Add(DeadLetterSql.Retry, new[] { taskId }, Parameters.Time(null));
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            if (await reader.ReadAsync(cancellationToken))
            {
                await reader.CloseAsync();
                if (by is not null)
                {
                    object? details = input is null ? null : new { editedInput = true };
                    await AuditTrail.WriteAsync(connection, by, AuditActions.RetryTask, $"task:{taskId}", details, cancellationToken);
                }

                await transaction.CommitAsync(cancellationToken);
                outbox.Wake();
                if (changes.Wanted)
                    changes.Tell([taskId]);
                return DeadLetterAnswer.Done;
            }
        }

        await transaction.RollbackAsync(cancellationToken);
        return await StateAsync(connection, taskId, cancellationToken) is null ? DeadLetterAnswer.Unknown : DeadLetterAnswer.NotFailed;
    }

    /// <summary>The same on nobody's behalf.</summary>
    /// <inheritdoc cref="RetryAsync(Guid, ReadOnlyMemory{byte}?, OnBehalf?, CancellationToken)"/>
    public Task<DeadLetterAnswer> RetryAsync(Guid taskId, ReadOnlyMemory<byte>? input, CancellationToken cancellationToken) =>
        RetryAsync(taskId, input, null, cancellationToken);

    /// <summary>Takes a dead letter off the list on nobody's behalf.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public Task<DeadLetterAnswer> DiscardAsync(Guid taskId, CancellationToken cancellationToken) => DiscardAsync(taskId, null, cancellationToken);

    /// <summary>Takes a dead letter off the list; it stays failed and readable until its day is dropped.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="by">For the audit log, in the same transaction; null: nobody.</param>
    /// <param name="cancellationToken">Gives up waiting; it may be discarded all the same.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<DeadLetterAnswer> DiscardAsync(Guid taskId, OnBehalf? by, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            await using var batch = connection.CreateBatch();
            batch.Add(DeadLetterSql.Discard, new[] { taskId }, Parameters.Time(null));
            if (await batch.ExecuteScalarAsync(cancellationToken) is not null)
            {
                if (by is not null)
                    await AuditTrail.WriteAsync(connection, by, AuditActions.DiscardDeadLetter, $"task:{taskId}", null, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return DeadLetterAnswer.Done;
            }
        }

        return await StateAsync(connection, taskId, cancellationToken) switch
        {
            null => DeadLetterAnswer.Unknown,
            TaskState.Failed => DeadLetterAnswer.Done,
            _ => DeadLetterAnswer.NotFailed,
        };
    }

    /// <summary>The final state; queued for whatever is open; null if there is no such task.</summary>
    private static async Task<TaskState?> StateAsync(NpgsqlConnection connection, Guid taskId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(DeadLetterSql.State, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = taskId } } };
        return await command.ExecuteScalarAsync(cancellationToken) switch
        {
            null => null,
            short state => (TaskState)state,
            _ => TaskState.Queued,
        };
    }
}
