using System.Data;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>What a list may be narrowed to; nulls do not narrow.</summary>
/// <param name="State">Only tasks in this state.</param>
/// <param name="Kind">Only tasks of this kind.</param>
/// <param name="Queue">Only tasks of this queue.</param>
/// <param name="Tag">Only tasks with this tag.</param>
/// <param name="CreatedAfter">Only tasks accepted then or later, to the millisecond.</param>
/// <param name="CreatedBefore">Only tasks accepted earlier.</param>
public sealed record TaskFilter(
    TaskState? State = null,
    string? Kind = null,
    string? Queue = null,
    string? Tag = null,
    DateTimeOffset? CreatedAfter = null,
    DateTimeOffset? CreatedBefore = null)
{
    /// <summary>True for a task that a search with this filter would find.</summary>
    public bool Matches(TaskRecord task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return (State is not { } state || task.State == state)
            && (Kind is null || task.Kind == Kind)
            && (Queue is null || task.Queue == Queue)
            && (Tag is null || task.Tags.Contains(Tag))
            && (CreatedAfter is not { } first || task.Id >= IdTime.Floor(first))
            && (CreatedBefore is not { } end || task.Id < IdTime.Floor(end));
    }
}

/// <summary>One page of a search, newest first.</summary>
/// <param name="Items">The tasks, without inputs and results.</param>
/// <param name="Next">Where the next page goes on; null at the end.</param>
/// <param name="CutShort">True if the search stopped at <paramref name="Next"/> because it took too long, not because the page was full.</param>
public sealed record TaskPage(IReadOnlyList<TaskRecord> Items, Guid? Next, bool CutShort);

/// <summary>
/// Lists tasks, newest first, in keyset pages. Each search walks one index, chosen by the filter, in id order, and looks at one
/// chunk of it after another until the page is full. It stops, and says where, after <see cref="MostLooked"/> rows or
/// <see cref="TimeBudget"/>: a rare kind among millions of tasks takes several pages, never minutes.
/// </summary>
public sealed class TaskSearch(LedgerConnections ledger, TimeProvider time)
{
    /// <summary>The most index entries looked at for one page.</summary>
    public const int MostLooked = 100_000;

    /// <summary>No new chunk is begun after this.</summary>
    public static readonly TimeSpan TimeBudget = TimeSpan.FromMilliseconds(120);

    // Statements are prepared once per connection, and their plans kept: planning over all partitions would take longer than a chunk.
    private const string KeepPlans = "SET LOCAL plan_cache_mode = force_generic_plan";

    /// <summary>Searches one page.</summary>
    /// <param name="filter">What to look for.</param>
    /// <param name="after">Only tasks older than this one: <see cref="TaskPage.Next"/> of the page before. Null: from the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<TaskPage> SearchAsync(TaskFilter filter, Guid? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (filter.CreatedBefore is { } end && IdTime.Floor(end) is var last && (after is null || after > last))
            after = last;
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        // One snapshot: otherwise a task that ends between two statements would shift the chunks and leave a gap.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using (var keepPlans = new NpgsqlCommand(KeepPlans, connection, snapshot))
            await keepPlans.ExecuteNonQueryAsync(cancellationToken);
        var (ids, next, cutShort) = await FindAsync(connection, new TaskIndex(filter), after, limit, cancellationToken);
        var items = ids.Count == 0 ? [] : await TaskReader.LoadAsync(connection, ids, cancellationToken);
        return new TaskPage(items, next, cutShort);
    }

    private async Task<(List<Guid> Ids, Guid? Next, bool CutShort)> FindAsync(
        NpgsqlConnection connection, TaskIndex index, Guid? after, int limit, CancellationToken cancellationToken)
    {
        var pace = new SearchPace(time, TimeBudget, MostLooked);
        var found = new List<Guid>(limit + 1);
        var chunk = index.IsExact ? limit + 1 : Math.Max(limit + 1, SearchPace.FirstChunk);
        while (true)
        {
            var last = await ReadAsync(connection, index, after ?? Guid.AllBitsSet, chunk, limit + 1 - found.Count, found, cancellationToken);
            if (found.Count > limit)
                return (found[..limit], found[limit - 1], false);
            if (last is null)
                return (found, null, false);
            after = last;
            chunk = pace.Next(chunk);
            if (pace.IsOver)
                return (found, after, true);
        }
    }

    /// <summary>Adds what matches in the next chunk. Answers the chunk's last entry; null: it reached the end of the index, or has as many as wanted.</summary>
    private static async Task<Guid?> ReadAsync(
        NpgsqlConnection connection, TaskIndex index, Guid after, int chunk, int wanted, List<Guid> found, CancellationToken cancellationToken)
    {
        await using var batch = connection.CreateBatch();
        batch.Add(index.Sql, [after, chunk, wanted, .. index.Values]);
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.GetBoolean(1))
                return reader.GetGuid(0);
            found.Add(reader.GetGuid(0));
        }

        return null;
    }
}
