using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Scheduling;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>
/// Compares what was accepted with what is open and what has ended, puts right what it can prove wrong, and writes down what it found.
/// Two comparisons at once do no harm: each repair is a compare-and-set. docs/ledger-check.md says what each finding means.
/// </summary>
public sealed class LedgerComparison(
    LedgerConnections ledger,
    InstanceIdentity identity,
    TaskPromoter promoter,
    WorkerRescuer rescuer,
    Repairs repairs,
    IOptions<ReconcileOptions> options,
    TimeProvider time,
    ILogger<LedgerComparison> log)
{
    // Up to this many open tasks all are compared with the outcomes at each check.
    private const long FewOpen = 200_000;

    // Promoting by hand, 500 tasks each time; what is left is overdue at the next check too.
    private const int PromotionsPerCheck = 20;

    private readonly ReconcileOptions _options = options.Value;

    /// <summary>Makes one comparison. Answers the queues that have queued tasks.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached; what was repaired until then stays so.</exception>
    public async Task<IReadOnlyList<string>> CompareAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var ended = await LookAtNewTasksAsync(cancellationToken);
        ended += await PatrolAsync(cancellationToken);
        await ExecuteAsync(CompareSql.StrikeOff, cancellationToken);
        var overdue = await PromoteOverdueAsync(cancellationToken);
        var open = await CountOpenAsync(cancellationToken);
        if (open.Orphans > 0)
            await repairs.CountAsync(RepairSorts.OrphanClaim, await rescuer.RescueOrphansAsync(cancellationToken), cancellationToken);
        if (open.ByState.Sum() <= FewOpen)
            ended += await RemoveEndedAsync(await ReadIdsAsync(CompareSql.EndedButOpen, cancellationToken), cancellationToken);
        await repairs.CountAsync(RepairSorts.EndedButOpen, ended, cancellationToken);
        await WriteAsync(open, overdue, begun, cancellationToken);
        return open.Queues;
    }

    /// <summary>Goes on from where the last comparison stopped, page by page, each task once.</summary>
    private async Task<long> LookAtNewTasksAsync(CancellationToken cancellationToken)
    {
        var repaired = 0L;
        var (from, _) = await ReadCursorsAsync(cancellationToken);
        for (var page = 0; page < _options.PagesPerCheck; page++)
        {
            var to = await PageEndAsync(from, cancellationToken);
            if (to == from)
                break;
            var (accepted, ended) = await CompareAsync(from, to, cancellationToken);
            repaired += ended;
            if (await ExecuteAsync(CompareSql.AdvanceRecent, cancellationToken, from, to, accepted) == 0 || accepted < _options.PageSize)
                break; // another process is at it, or there is no more
            from = to;
        }

        return repaired;
    }

    /// <summary>Looks again at one page of what was looked at before, round and round: something may have vanished since.</summary>
    private async Task<long> PatrolAsync(CancellationToken cancellationToken)
    {
        var (_, from) = await ReadCursorsAsync(cancellationToken);
        var to = await PageEndAsync(from, cancellationToken);
        var (tasks, repaired) = await CompareAsync(from, to, cancellationToken);
        await ExecuteAsync(CompareSql.AdvancePatrol, cancellationToken, from, tasks < _options.PageSize ? Guid.Empty : to);
        return repaired;
    }

    /// <summary>Compares one page; answers how many tasks are in it and how many open rows were removed.</summary>
    private async Task<(long Tasks, long Repaired)> CompareAsync(Guid from, Guid to, CancellationToken cancellationToken)
    {
        long tasks;
        Guid[] nowhere, both;
        await using (var command = Command(CompareSql.Compare, from, to))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            tasks = reader.GetInt64(0);
            nowhere = await reader.IsDBNullAsync(1, cancellationToken) ? [] : await reader.GetFieldValueAsync<Guid[]>(1, cancellationToken);
            both = await reader.IsDBNullAsync(2, cancellationToken) ? [] : await reader.GetFieldValueAsync<Guid[]>(2, cancellationToken);
        }

        if (nowhere.Length > 0)
            await ExecuteAsync(CompareSql.NoteUnaccounted, cancellationToken, nowhere);
        return (tasks, await RemoveEndedAsync(both, cancellationToken));
    }

    private async Task<long> RemoveEndedAsync(Guid[] ids, CancellationToken cancellationToken) =>
        ids.Length == 0 ? 0 : await ExecuteAsync(CompareSql.RemoveEnded, cancellationToken, ids.Order().ToArray());

    private async Task<long> PromoteOverdueAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(CompareSql.Overdue);
        var overdue = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        var promoted = 0L;
        for (var i = 0; i < PromotionsPerCheck && promoted < overdue; i++)
        {
            if (await promoter.PromoteAsync(cancellationToken) is not (> 0 and var some))
                break;
            promoted += some;
        }

        await repairs.CountAsync(RepairSorts.Overdue, Math.Min(promoted, overdue), cancellationToken);
        return overdue;
    }

    private async Task<OpenCounts> CountOpenAsync(CancellationToken cancellationToken)
    {
        var (recent, _) = await ReadCursorsAsync(cancellationToken);
        var byState = new long[4];
        var queues = new HashSet<string>(StringComparer.Ordinal);
        long before = 0, orphans = 0;
        await using var command = Command(CompareSql.Open, recent);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var state = (TaskState)reader.GetInt16(1);
            byState[(int)state] += reader.GetInt64(2);
            before += reader.GetInt64(3);
            orphans += reader.GetInt64(4);
            if (state == TaskState.Queued)
                queues.Add(reader.GetString(0));
        }

        return new OpenCounts(byState, before, orphans, [.. queues]);
    }

    private async Task WriteAsync(OpenCounts open, long overdue, long begun, CancellationToken cancellationToken)
    {
        var (unaccounted, example) = await CountUnaccountedAsync(cancellationToken);
        if (unaccounted > 0)
            log.Unaccounted(unaccounted, example);
        long rows, lag;
        await using (var command = Command(CompareSql.Outbox))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            (rows, lag) = (reader.GetInt64(0), reader.GetInt64(1));
        }

        await ExecuteAsync(
            CompareSql.Write,
            cancellationToken,
            identity.Id,
            open.ByState[(int)TaskState.Scheduled],
            open.ByState[(int)TaskState.Waiting],
            open.ByState[(int)TaskState.Queued],
            open.ByState[(int)TaskState.Running],
            unaccounted,
            overdue,
            open.Orphans,
            rows,
            lag,
            (long)time.GetElapsedTime(begun).TotalMilliseconds,
            open.Before + unaccounted);
    }

    private async Task<(long Count, Guid Example)> CountUnaccountedAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(CompareSql.CountUnaccounted);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), await reader.IsDBNullAsync(1, cancellationToken) ? Guid.Empty : reader.GetGuid(1));
    }

    private async Task<(Guid Recent, Guid Patrol)> ReadCursorsAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(CompareSql.Cursors);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetGuid(0), reader.GetGuid(1));
    }

    private async Task<Guid> PageEndAsync(Guid from, CancellationToken cancellationToken)
    {
        await using var command = Command(CompareSql.PageEnd, from, (long)_options.PageSize);
        return (Guid)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<Guid[]> ReadIdsAsync(string sql, CancellationToken cancellationToken)
    {
        var ids = new List<Guid>();
        await using var command = Command(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            ids.Add(reader.GetGuid(0));
        return [.. ids];
    }

    private async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = Command(sql, values);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = ledger.Control.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private sealed record OpenCounts(long[] ByState, long Before, long Orphans, IReadOnlyList<string> Queues);
}
