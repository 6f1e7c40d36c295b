using System.Runtime.CompilerServices;
using Messaging.Infrastructure.Store.Read;
using Npgsql;

namespace Messaging.Infrastructure.Store.DeadLetters;

/// <summary>A dead letter that was looked at.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Fingerprint">Its cause.</param>
/// <param name="Matches">Whether the filter takes it.</param>
internal readonly record struct DeadLetterEntry(DeadLetterPosition Position, string Fingerprint, bool Matches);

/// <summary>Walks dead letters along an index, one chunk after another.</summary>
internal static class DeadLetterWalk
{
    private const int FirstChunk = 1_000;
    private const int LargestChunk = 16_000;

    /// <summary>Reads the entries of one chunk behind a position, in the order of <paramref name="sql"/>, in the connection's transaction if it has one.</summary>
    public static async Task<List<DeadLetterEntry>> ReadAsync(
        NpgsqlConnection connection, string sql, DeadLetterFilter filter, DeadLetterPosition after, int chunk, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters =
            {
                Text(filter.Fingerprint),
                new NpgsqlParameter<DateTime> { TypedValue = filter.FinishedAfter?.UtcDateTime ?? DeadLetterPosition.Oldest.FinishedAt },
                new NpgsqlParameter<DateTime> { TypedValue = filter.FinishedBefore?.UtcDateTime ?? DeadLetterPosition.Newest.FinishedAt },
                Text(filter.Kind),
                Text(filter.Queue),
                Text(filter.Tag),
                new NpgsqlParameter<DateTime> { TypedValue = after.FinishedAt },
                new NpgsqlParameter<Guid> { TypedValue = after.TaskId },
                new NpgsqlParameter<int> { TypedValue = chunk },
            },
        };
        var entries = new List<DeadLetterEntry>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            entries.Add(new DeadLetterEntry(new DeadLetterPosition(reader.GetDateTime(1), reader.GetGuid(0)), reader.GetString(2), reader.GetBoolean(3)));
        return entries;
    }

    /// <summary>Reads all entries behind a position, newest first, in chunks that grow; the last one says so. The caller stops when it has had enough.</summary>
    /// <param name="connection">Where to read.</param>
    /// <param name="filter">What to look for.</param>
    /// <param name="after">From where on.</param>
    /// <param name="firstChunk">How many entries to read first; the caller knows how many it needs at least.</param>
    /// <param name="pace">Bounds the chunks by the time that is left, where somebody waits for a page; null: they grow to the largest.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public static async IAsyncEnumerable<(List<DeadLetterEntry> Entries, bool IsLast)> NewestFirstAsync(
        NpgsqlConnection connection,
        DeadLetterFilter filter,
        DeadLetterPosition after,
        int firstChunk,
        SearchPace? pace,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // With nothing to look up beside the index every entry matches, and no more need be read than is wanted.
        var exact = filter is { Kind: null, Queue: null, Tag: null };
        for (var chunk = exact ? firstChunk : Math.Max(firstChunk, FirstChunk); ; chunk = pace?.Next(chunk) ?? Math.Min(chunk * 4, LargestChunk))
        {
            var entries = await ReadAsync(connection, DeadLetterSql.NewestFirst, filter, after, chunk, cancellationToken);
            yield return (entries, entries.Count < chunk);
            if (entries.Count < chunk)
                yield break;
            after = entries[^1].Position;
        }
    }

    private static NpgsqlParameter<string> Text(string? value) => new() { TypedValue = value };
}
