using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Events;

/// <summary>What is known of a change.</summary>
internal enum ChangeSort
{
    /// <summary>The task was accepted.</summary>
    Accepted,

    /// <summary>It started or was queued.</summary>
    Moved,

    /// <summary>It reported.</summary>
    Reported,

    /// <summary>It ended.</summary>
    Ended,
}

/// <summary>A task that has changed, when at the latest, and how.</summary>
internal readonly record struct ChangedTask(Guid Id, DateTimeOffset At, ChangeSort Sort);

/// <summary>Finds which tasks have changed since a moment.</summary>
internal sealed class ChangeReader(LedgerConnections ledger)
{
    /// <summary>The most tasks in one page.</summary>
    public const int PageSize = 5_000;

    /// <summary>Postgres's time now.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Events.CreateCommand(ChangeSql.Now);
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!, TimeSpan.Zero);
    }

    /// <summary>Which tasks changed since a moment, in pages; one may be in several of them.</summary>
    /// <param name="since">The moment.</param>
    /// <param name="whole">True: also those that merely started or were queued, which reads all open tasks.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async IAsyncEnumerable<IReadOnlyList<ChangedTask>> SinceAsync(
        DateTimeOffset since, bool whole, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ChangeSort[] sorts = whole
            ? [ChangeSort.Accepted, ChangeSort.Moved, ChangeSort.Reported, ChangeSort.Ended]
            : [ChangeSort.Accepted, ChangeSort.Reported, ChangeSort.Ended];
        foreach (var sort in sorts)
        {
            var (at, id) = (since, Guid.Empty);
            while (true)
            {
                var page = await PageAsync(sort, at, id, cancellationToken);
                if (page.Count > 0)
                    yield return page;
                if (page.Count < PageSize)
                    break;
                (id, at) = (page[^1].Id, page[^1].At);
            }
        }
    }

    /// <summary>Keeps of tasks those that are of one of these kinds, queues or tags.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<HashSet<Guid>> ConcernedAsync(
        IReadOnlyCollection<Guid> ids, string[] kinds, string[] queues, string[] tags, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Events.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(ChangeSql.Concerned, ids.ToArray(), kinds, queues, tags);
        var concerned = new HashSet<Guid>();
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            concerned.Add(reader.GetGuid(0));
        return concerned;
    }

    private async Task<List<ChangedTask>> PageAsync(ChangeSort sort, DateTimeOffset at, Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Events.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        var sql = sort switch
        {
            ChangeSort.Accepted => ChangeSql.Accepted,
            ChangeSort.Moved => ChangeSql.Moved,
            ChangeSort.Reported => ChangeSql.Reported,
            _ => ChangeSql.Ended,
        };
        batch.Add(sql, at.UtcDateTime, id, PageSize);
        var page = new List<ChangedTask>();
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            page.Add(new ChangedTask(reader.GetGuid(0), new DateTimeOffset(reader.GetDateTime(1), TimeSpan.Zero), sort));
        return page;
    }
}
