using System.Data;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Npgsql;

namespace Messaging.Infrastructure.Store.DeadLetters;

/// <summary>One page of dead letters, the last to fail first.</summary>
/// <param name="Items">The tasks, without inputs.</param>
/// <param name="Next">Where the next page goes on; null at the end.</param>
/// <param name="CutShort">True if the search stopped at <paramref name="Next"/> because it took too long, not because the page was full.</param>
public sealed record DeadLetterPage(IReadOnlyList<TaskRecord> Items, DeadLetterPosition? Next, bool CutShort);

/// <summary>Dead letters of one cause.</summary>
/// <param name="Fingerprint">The cause.</param>
/// <param name="Count">How many were found.</param>
/// <param name="FirstSeen">The first failure among those found.</param>
/// <param name="LastSeen">The last one.</param>
/// <param name="Samples">The last to fail, the latest first; without inputs.</param>
public sealed record DeadLetterGroup(string Fingerprint, long Count, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, IReadOnlyList<TaskRecord> Samples);

/// <summary>Dead letters by cause, the most numerous first.</summary>
/// <param name="Groups">As many as were asked for.</param>
/// <param name="Found">How many groups there are among what was looked at.</param>
/// <param name="SearchedUntil">Null if all dead letters were looked at; otherwise what failed before this was not.</param>
public sealed record DeadLetterGroups(IReadOnlyList<DeadLetterGroup> Groups, int Found, DateTimeOffset? SearchedUntil);

/// <summary>How many dead letters match, with the newest few.</summary>
/// <param name="Count">How many were found.</param>
/// <param name="IsExact">False if there may be more.</param>
/// <param name="Sample">The last to fail.</param>
public sealed record DeadLetterCount(long Count, bool IsExact, IReadOnlyList<TaskRecord> Sample);

/// <summary>
/// Looks at dead letters, the last to fail first. Each look walks the index of dead letters in chunks and stops, saying where, after
/// <see cref="MostLooked"/> entries or its time.
/// </summary>
public sealed class DeadLetterSearch(LedgerConnections ledger, TimeProvider time)
{
    /// <summary>The most index entries looked at for one answer.</summary>
    public const int MostLooked = 100_000;

    /// <summary>How many tasks stand for a group or a dry run.</summary>
    public const int SampleSize = 5;

    /// <summary>No new chunk is begun after this for a page.</summary>
    public static readonly TimeSpan PageBudget = TimeSpan.FromMilliseconds(120);

    /// <summary>No new chunk is begun after this for groups and counts.</summary>
    public static readonly TimeSpan CountBudget = TimeSpan.FromSeconds(2);

    /// <summary>Reads one page.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<DeadLetterPage> ListAsync(DeadLetterFilter filter, DeadLetterPosition? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var found = new List<DeadLetterPosition>(limit + 1);
        DeadLetterPosition? cutShortAt = null;
        var pace = new SearchPace(time, PageBudget, MostLooked);
        await foreach (var chunk in DeadLetterWalk.NewestFirstAsync(connection, filter, after ?? DeadLetterPosition.Newest, limit + 1, pace, cancellationToken))
        {
            found.AddRange(chunk.Entries.Select(e => e.Position).Take(limit + 1 - found.Count));
            cutShortAt = chunk.Last;
            if (found.Count > limit)
                break;
        }

        var full = found.Count > limit;
        if (full)
            found.RemoveAt(limit);
        var items = await TaskReader.LoadAsync(connection, [.. found.Select(p => p.TaskId)], cancellationToken);
        return new DeadLetterPage(items, full ? found[^1] : cutShortAt, !full && cutShortAt is not null);
    }

    /// <summary>Groups dead letters by cause.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<DeadLetterGroups> GroupAsync(DeadLetterFilter filter, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var groups = new Dictionary<string, Tally>(StringComparer.Ordinal);
        DeadLetterPosition? cutShortAt = null;
        await foreach (var chunk in CountedAsync(connection, filter, cancellationToken))
        {
            cutShortAt = chunk.Last;
            foreach (var entry in chunk.Entries)
            {
                if (!groups.TryGetValue(entry.Fingerprint, out var tally))
                    groups[entry.Fingerprint] = tally = new Tally(entry.Position.FinishedAt);
                tally.Add(entry.Position);
            }
        }

        var largest = groups.OrderByDescending(g => g.Value.Count).ThenByDescending(g => g.Value.LastSeen).Take(limit).ToArray();
        var samples = (await TaskReader.LoadAsync(connection, [.. largest.SelectMany(g => g.Value.Samples)], cancellationToken)).ToDictionary(t => t.Id);
        return new DeadLetterGroups(
            [.. largest.Select(g => new DeadLetterGroup(
                g.Key,
                g.Value.Count,
                g.Value.FirstSeen,
                g.Value.LastSeen,
                [.. g.Value.Samples.Where(samples.ContainsKey).Select(id => samples[id])]))],
            groups.Count,
            cutShortAt?.FinishedAt);
    }

    /// <summary>Counts what matches and failed before now.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<DeadLetterCount> CountAsync(DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var count = 0L;
        var sample = new List<Guid>(SampleSize);
        var isExact = true;
        await foreach (var chunk in CountedAsync(connection, filter, cancellationToken))
        {
            isExact = chunk.Last is null;
            count += chunk.Entries.Count;
            sample.AddRange(chunk.Entries.Take(SampleSize - sample.Count).Select(e => e.Position.TaskId));
        }

        return new DeadLetterCount(count, isExact, await TaskReader.LoadAsync(connection, sample, cancellationToken));
    }

    /// <summary>All that match, as far as is looked for groups and counts.</summary>
    private IAsyncEnumerable<DeadLetterChunk> CountedAsync(NpgsqlConnection connection, DeadLetterFilter filter, CancellationToken cancellationToken) =>
        // In few chunks: each reads and sorts all dead letters there are, unless these are far more than fit into it.
        DeadLetterWalk.NewestFirstAsync(
            connection, filter, DeadLetterPosition.Newest, MostLooked / 16, new SearchPace(time, CountBudget, MostLooked, MostLooked), cancellationToken);

    private sealed class Tally(DateTime lastSeen)
    {
        public long Count { get; private set; }

        public DateTime LastSeen { get; } = lastSeen;

        public DateTime FirstSeen { get; private set; }

        public List<Guid> Samples { get; } = new(SampleSize);

        public void Add(DeadLetterPosition position)
        {
            Count++;
            FirstSeen = position.FinishedAt;
            if (Samples.Count < SampleSize)
                Samples.Add(position.TaskId);
        }
    }
}
