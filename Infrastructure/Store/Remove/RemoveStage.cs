using Messaging.Contracts.Http;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Remove;

/// <summary>What came of a removal.</summary>
public enum RemoveAnswer
{
    /// <summary>There is no such task.</summary>
    Unknown,

    /// <summary>It is gone, with everything that belongs to it.</summary>
    Removed,

    /// <summary>It has not ended; nothing was changed.</summary>
    NotEnded,
}

/// <summary>The statements of a removal.</summary>
public static class RemoveSql
{
    /// <summary>
    /// Takes the outcome away, which decides, and then the rest, in one transaction. Index: primary keys of one partition of each
    /// partitioned table.
    /// </summary>
    public const string Remove = "SELECT messaging.remove_task($1)";

    /// <summary>What stands in the way, in one snapshot. Index: primary keys of tasks and outcomes.</summary>
    public const string Why = """
        SELECT EXISTS (SELECT FROM messaging.tasks WHERE id = $1), EXISTS (SELECT FROM messaging.outcomes WHERE task_id = $1)
        """;
}

/// <summary>Removes finished tasks on request, before their day is dropped.</summary>
public sealed class RemoveStage(LedgerConnections ledger, FileEraser eraser)
{
    /// <summary>Removes a task with its input, result, attempts, progress and tags, if it has ended.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="by">For the audit log, in the same transaction; null: nobody.</param>
    /// <param name="cancellationToken">Gives up waiting; the task may be removed all the same.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<RemoveAnswer> RemoveAsync(Guid taskId, OnBehalf? by, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        while (true)
        {
            if (await TryAsync(connection, taskId, by, cancellationToken) is { } files)
            {
                await connection.CloseAsync();
                foreach (var file in files)
                    await eraser.EraseSmallAsync(file, cancellationToken);
                return RemoveAnswer.Removed;
            }

            await using var why = new NpgsqlCommand(RemoveSql.Why, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = taskId } } };
            await using var reader = await why.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            if (!reader.GetBoolean(0))
                return RemoveAnswer.Unknown;
            if (!reader.GetBoolean(1))
                return RemoveAnswer.NotEnded;
            // It ended in between: once more.
        }
    }

    /// <summary>Removes the task and marks its files, which are answered; null: it was not removed.</summary>
    private static async Task<List<Guid>?> TryAsync(NpgsqlConnection connection, Guid taskId, OnBehalf? by, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var remove = new NpgsqlCommand(RemoveSql.Remove, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = taskId } } };
        if (!(bool)(await remove.ExecuteScalarAsync(cancellationToken))!)
            return null;
        var files = new List<Guid>();
        await using (var mark = new NpgsqlCommand(FileSql.MarkOfTask, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = taskId } } })
        {
            await using var marked = await mark.ExecuteReaderAsync(cancellationToken);
            while (await marked.ReadAsync(cancellationToken))
                files.Add(marked.GetGuid(0));
        }

        if (by is not null)
            await AuditTrail.WriteAsync(connection, by, AuditActions.RemoveTask, $"task:{taskId}", null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return files;
    }
}
