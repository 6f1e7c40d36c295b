using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Progress;

/// <summary>How far a running task is, on its way into the ledger.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="ClaimedAt">The ledger's time of the attempt's claim.</param>
/// <param name="Number">Counts the written reports of the attempt, from 1.</param>
/// <param name="Progress">What the handler said.</param>
public sealed record ProgressReport(Guid TaskId, DateTimeOffset ClaimedAt, int Number, TaskProgress Progress);

/// <summary>The statement of a progress report.</summary>
public static class ProgressSql
{
    /// <summary>
    /// Appends reports. Index: the primary key of each task's partition, which also drops what an unclear commit makes come twice.
    /// </summary>
    public const string Insert = """
        INSERT INTO messaging.task_events (task_id, seq, percent, message)
        SELECT p.task_id, p.seq, p.percent, p.message
        FROM unnest($1::uuid[], $2::bigint[], $3::real[], $4::text[]) AS p(task_id, seq, percent, message)
        ON CONFLICT DO NOTHING
        """;
}

/// <summary>Stores what running tasks report. Commits are asynchronous: a crash of the database may lose the reports of its last moments.</summary>
public sealed class ProgressStage(LedgerConnections ledger, TaskChanges changes)
{
    /// <summary>The longest message that is kept, in characters.</summary>
    public const int LongestMessage = 1_000;

    /// <summary>Stores reports, several of one task in rising order.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached, or does not take them.</exception>
    public async Task WriteAsync(IReadOnlyList<ProgressReport> reports, CancellationToken cancellationToken)
    {
        var rows = reports.OrderBy(r => r.TaskId).ToArray();
        await using var connection = await ledger.Relaxed.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(
            ProgressSql.Insert,
            Array.ConvertAll(rows, r => r.TaskId),
            Array.ConvertAll(rows, Sequence),
            Array.ConvertAll(rows, r => (float)r.Progress.Percent),
            Array.ConvertAll(rows, r => r.Progress.Message is { } message ? Parameters.Scrub(message, LongestMessage) : null));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        if (changes.Wanted)
            changes.Tell([.. rows.Select(r => r.TaskId).Distinct()]);
    }

    // Rises within a task, over its attempts too: a later claim is later by more milliseconds than an attempt can write thousands of reports.
    private static long Sequence(ProgressReport report) => (report.ClaimedAt.ToUnixTimeMilliseconds() * 1000) + report.Number;
}
