using System.Runtime.CompilerServices;
using Messaging.Infrastructure.Store.Read;
using Npgsql;

namespace Messaging.Infrastructure.Store.DeadLetters;

/// <summary>A dead letter that the filter takes.</summary>
/// <param name="Position">Where it stands.</param>
/// <param name="Fingerprint">Its cause.</param>
internal readonly record struct DeadLetterEntry(DeadLetterPosition Position, string Fingerprint);

/// <summary>What was found in one chunk.</summary>
/// <param name="Entries">Those that match, in the order of the walk.</param>
/// <param name="Last">Where the chunk ended, with more behind it, if any; null: all were looked at.</param>
internal readonly record struct DeadLetterChunk(List<DeadLetterEntry> Entries, DeadLetterPosition? Last);

/// <summary>Walks dead letters along an index, one chunk after another.</summary>
internal static class DeadLetterWalk
{
    /// <summary>Reads one chunk behind a position, oldest first, in the connection's transaction if it has one.</summary>
    public static Task<DeadLetterChunk> OldestFirstAsync(
        NpgsqlConnection connection, DeadLetterFilter filter, DeadLetterPosition after, int chunk, CancellationToken cancellationToken) =>
        ReadAsync(connection, IsExact(filter) ? DeadLetterSql.OldestFirst : DeadLetterSql.OldestMatching, filter, after, chunk, cancellationToken);

    /// <summary>
    /// Reads all behind a position, newest first, in chunks that grow, until there are no more or the pace says that it was enough. The caller
    /// stops before when it has what it wants.
    /// </summary>
    /// <param name="connection">Where to read.</param>
    /// <param name="filter">What to look for.</param>
    /// <param name="after">From where on.</param>
    /// <param name="firstChunk">How many entries to read first; the caller knows how many it needs at least.</param>
    /// <param name="pace">Bounds the chunks by the time that is left.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public static async IAsyncEnumerable<DeadLetterChunk> NewestFirstAsync(
        NpgsqlConnection connection,
        DeadLetterFilter filter,
        DeadLetterPosition after,
        int firstChunk,
        SearchPace pace,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // With nothing to look up beside the index every entry matches, and no more need be read than is wanted.
        var (sql, chunk) = IsExact(filter)
            ? (DeadLetterSql.NewestFirst, firstChunk)
            : (DeadLetterSql.NewestMatching, Math.Max(firstChunk, SearchPace.FirstChunk));
        while (true)
        {
            var found = await ReadAsync(connection, sql, filter, after, chunk, cancellationToken);
            yield return found;
            if (found.Last is not { } last)
                yield break;
            after = last;
            chunk = pace.Next(chunk);
            if (pace.IsOver)
                yield break;
        }
    }

    private static async Task<DeadLetterChunk> ReadAsync(
        NpgsqlConnection connection, string sql, DeadLetterFilter filter, DeadLetterPosition after, int chunk, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters =
            {
                Text(filter.Fingerprint),
                new NpgsqlParameter<DateTime> { TypedValue = filter.FinishedAfter?.UtcDateTime ?? DeadLetterPosition.Oldest.FinishedAt },
                new NpgsqlParameter<DateTime> { TypedValue = filter.FinishedBefore?.UtcDateTime ?? DeadLetterPosition.Newest.FinishedAt },
                new NpgsqlParameter<DateTime> { TypedValue = after.FinishedAt },
                new NpgsqlParameter<Guid> { TypedValue = after.TaskId },
                new NpgsqlParameter<int> { TypedValue = chunk },
            },
        };
        if (!IsExact(filter))
        {
            command.Parameters.Add(Text(filter.Kind));
            command.Parameters.Add(Text(filter.Queue));
            command.Parameters.Add(Text(filter.Tag));
        }

        var entries = new List<DeadLetterEntry>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var position = new DeadLetterPosition(reader.GetDateTime(1), reader.GetGuid(0));
            if (reader.GetBoolean(3))
                return new DeadLetterChunk(entries, position);
            entries.Add(new DeadLetterEntry(position, reader.GetString(2)));
        }

        // Of a statement that marks nothing: all that it looked at match.
        return new DeadLetterChunk(entries, entries.Count == chunk ? entries[^1].Position : null);
    }

    private static bool IsExact(DeadLetterFilter filter) => filter is { Kind: null, Queue: null, Tag: null };

    private static NpgsqlParameter<string> Text(string? value) => new() { TypedValue = value };
}
