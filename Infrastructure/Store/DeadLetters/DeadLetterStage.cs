using Messaging.Contracts.Tasks;
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
public sealed class DeadLetterStage(LedgerConnections ledger, OutboxSignal outbox, TaskChanges changes)
{
    /// <summary>
    /// Queues a failed task again, also a discarded one. Its attempts start again at 1 and all of them are allowed; the history stays.
    /// </summary>
    /// <param name="taskId">The task.</param>
    /// <param name="input">A new input as UTF-8 JSON, checked by the caller; null: the present one.</param>
    /// <param name="cancellationToken">Gives up waiting; the retry may be committed all the same.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<DeadLetterAnswer> RetryAsync(Guid taskId, ReadOnlyMemory<byte>? input, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        if (input is { } edited)
            batch.Add(DeadLetterSql.Edit, taskId, Parameters.Text(edited));
        batch.Add(DeadLetterSql.Retry, new[] { taskId }, Parameters.Time(null));
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            if (await reader.ReadAsync(cancellationToken))
            {
                // The rest of the batch, and with it the commit.
                await reader.CloseAsync();
                outbox.Wake();
                if (changes.Wanted)
                    changes.Tell([taskId]);
                return DeadLetterAnswer.Done;
            }
        }

        return await StateAsync(connection, taskId, cancellationToken) is null ? DeadLetterAnswer.Unknown : DeadLetterAnswer.NotFailed;
    }

    /// <summary>Takes a dead letter off the list; it stays failed and readable until its day is dropped.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<DeadLetterAnswer> DiscardAsync(Guid taskId, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(DeadLetterSql.Discard, new[] { taskId }, Parameters.Time(null));
        if (await batch.ExecuteScalarAsync(cancellationToken) is not null)
            return DeadLetterAnswer.Done;
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
