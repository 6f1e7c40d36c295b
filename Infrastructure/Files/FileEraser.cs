using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Files;

/// <summary>
/// Deletes files in small steps, whatever their size. A file is marked first, which hides it from everybody: it has expired, at the beginning of
/// time. Then its chunks go, some in each transaction, and its row comes last. Whoever stops in between is followed by any
/// <see cref="FileKeeper"/>, which finds the mark (docs/decisions/0045). Safe to use from several threads and processes at once.
/// </summary>
public sealed class FileEraser(LedgerConnections ledger)
{
    /// <summary>How many chunks one transaction deletes: 16 MiB, the largest input or result. Each is 260 rows beside the table.</summary>
    public const int ChunksAtOnce = 32;

    // The keeper's own patience with one transaction: a slow disk must not make it begin anew for ever.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Deletes a marked file whole if it is small, and the beginning of one that is large, in good time for somebody who waits. The rest, and
    /// all if the ledger does not answer, is the keeper's.
    /// </summary>
    /// <param name="id">The file.</param>
    /// <param name="cancellationToken">Leaves it to the keeper.</param>
    public async Task EraseSmallAsync(Guid id, CancellationToken cancellationToken)
    {
        try
        {
            await EraseAsync(ledger.Web, id, 0, null, cancellationToken);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e) || cancellationToken.IsCancellationRequested)
        {
            // It is marked, and that was what was asked for.
        }
    }

    /// <summary>Deletes some chunks of a marked file, or the file if it has none.</summary>
    /// <param name="id">The file.</param>
    /// <param name="from">The first chunk there may be.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The next chunk there is; null: the file is gone.</returns>
    /// <exception cref="NpgsqlException">The ledger can't be reached, or took longer than five minutes.</exception>
    internal Task<int?> EraseSomeAsync(Guid id, int from, CancellationToken cancellationToken) =>
        EraseAsync(ledger.Control, id, from, Longest, cancellationToken);

    private static async Task<int?> EraseAsync(NpgsqlDataSource pool, Guid id, int from, TimeSpan? longest, CancellationToken cancellationToken)
    {
        await using var connection = await pool.OpenConnectionAsync(cancellationToken);
        await using var chunks = connection.CreateBatch();
        chunks.Timeout = (int?)longest?.TotalSeconds ?? chunks.Timeout;
        chunks.Add(FileSql.EraseChunks, id, from, from + ChunksAtOnce);
        chunks.Add(FileSql.NextChunk, id, from + ChunksAtOnce);
        if (await chunks.ExecuteScalarAsync(cancellationToken) is int next)
            return next;
        await using var file = new NpgsqlCommand(FileSql.Erase, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = id } } };
        file.CommandTimeout = (int?)longest?.TotalSeconds ?? file.CommandTimeout;
        await file.ExecuteNonQueryAsync(cancellationToken);
        return null;
    }
}
