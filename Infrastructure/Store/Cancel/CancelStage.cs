using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Cancel;

/// <summary>What came of a cancel.</summary>
public enum CancelAnswer
{
    /// <summary>There is no such task.</summary>
    Unknown,

    /// <summary>It had not started and never will.</summary>
    Cancelled,

    /// <summary>It runs: its worker is told within half a second and stops it when its handler lets go.</summary>
    Requested,

    /// <summary>It had ended before.</summary>
    AlreadyEnded,
}

/// <summary>The statement of a cancel.</summary>
public static class CancelSql
{
    /// <summary>
    /// One compare-and-set: what has not started ends here and now, what runs gets a mark for its worker.
    /// Answers the branch taken; no row: not open. Index: primary key of open_tasks.
    /// </summary>
    public const string Cancel = """
        WITH gone AS (
            DELETE FROM messaging.open_tasks WHERE id = $1 AND state IN (0, 1, 2) RETURNING id, attempt
        ), ended AS (
            INSERT INTO messaging.outcomes (task_id, attempt, state, failure) SELECT id, attempt, 6, $2 FROM gone
        ), asked AS (
            UPDATE messaging.open_tasks SET cancel_requested = true WHERE id = $1 AND state = 3 RETURNING id
        )
        SELECT 'cancelled' FROM gone UNION ALL SELECT 'requested' FROM asked
        """;

    /// <summary>What a worker asks every half second: which of its claims were called off. Index: open_tasks_cancel.</summary>
    public const string Requested = "SELECT id, claim_no FROM messaging.open_tasks WHERE cancel_requested AND worker = $1 AND state = 3";

    /// <summary>Tells an unknown task from one that has ended. Index: primary key of tasks.</summary>
    public const string Exists = "SELECT EXISTS (SELECT FROM messaging.tasks WHERE id = $1)";
}

/// <summary>Calls tasks off: at once if they have not started, by request to their worker if they run.</summary>
public sealed class CancelStage(LedgerConnections ledger, TaskChanges changes)
{
    /// <summary>The failure text of a task that was called off before it started.</summary>
    private const string Failure = $$"""{"code":"{{FailureCodes.Cancelled}}","message":"Cancelled before it started.","retryable":false}""";

    /// <summary>Calls a task off on nobody's behalf.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public Task<CancelAnswer> CancelAsync(Guid taskId, CancellationToken cancellationToken) => CancelAsync(taskId, null, cancellationToken);

    /// <summary>Calls a task off.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="by">For the audit log, in the same transaction; null: nobody.</param>
    /// <param name="cancellationToken">Gives up waiting; the task may be called off all the same.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<CancelAnswer> CancelAsync(Guid taskId, OnBehalf? by, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        // The statement's snapshot can be older than a claim or hand-back that it then waits for and finds changed; the branch for the
        // new state sees the old one too, and neither applies. Asking again decides on the new state.
        for (var tries = 0; tries < 5; tries++)
        {
            if (await TryAsync(connection, taskId, by, cancellationToken) is { } answer)
            {
                if (answer == CancelAnswer.Cancelled && changes.Wanted)
                    changes.Tell([taskId]);
                return answer;
            }

            if (!await ExistsAsync(connection, "SELECT EXISTS (SELECT FROM messaging.open_tasks WHERE id = $1)", taskId, cancellationToken))
                break;
        }

        return await ExistsAsync(connection, CancelSql.Exists, taskId, cancellationToken) ? CancelAnswer.AlreadyEnded : CancelAnswer.Unknown;
    }

    /// <summary>Which of a worker's claims were called off: (task, claim number).</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlySet<(Guid TaskId, long ClaimNo)>> RequestedAsync(Guid worker, CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(CancelSql.Requested);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = worker });
        var requested = new HashSet<(Guid, long)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            requested.Add((reader.GetGuid(0), reader.GetInt64(1)));
        return requested;
    }

    /// <summary>One try; null if no branch applied.</summary>
    private static async Task<CancelAnswer?> TryAsync(NpgsqlConnection connection, Guid taskId, OnBehalf? by, CancellationToken cancellationToken)
    {
        await using var transaction = by is null ? null : await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(CancelSql.Cancel, connection)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = taskId }, new NpgsqlParameter<string> { TypedValue = Failure } },
        };
        CancelAnswer? answer = await command.ExecuteScalarAsync(cancellationToken) switch
        {
            "cancelled" => CancelAnswer.Cancelled,
            "requested" => CancelAnswer.Requested,
            _ => null,
        };
        if (answer is not null && by is not null)
        {
            var running = answer == CancelAnswer.Requested;
            await AuditTrail.WriteAsync(connection, by, AuditActions.CancelTask, $"task:{taskId}", new { running }, cancellationToken);
            await transaction!.CommitAsync(cancellationToken);
        }

        return answer;
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string sql, Guid taskId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = taskId } } };
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
