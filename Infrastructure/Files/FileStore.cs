using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Files;

/// <summary>
/// Files in Postgres, in chunks. Writing one holds a chunk in memory, and a connection only while a chunk is stored, each in a transaction of its
/// own: an upload of an hour holds back nothing. It is seen when it is complete, and not before.
/// </summary>
public sealed class FileStore(
    LedgerConnections ledger,
    LedgerClock clock,
    InstanceIdentity identity,
    FileEraser eraser,
    IOptions<LedgerOptions> ledgerOptions,
    IOptions<FileStoreOptions> options,
    ILogger<FileStore> log)
    : IDisposable
{
    /// <summary>How many bytes a chunk has: half a MiB.</summary>
    public const int ChunkBytes = 512 * 1024;

    // Files never take more than half of the connections that lists and status need too.
    private readonly ConcurrentQueue<Guid> _leftOver = new();
    private readonly SemaphoreSlim _turns = new(Math.Max(1, ledgerOptions.Value.WebConnections / 2));

    /// <summary>Stores what a pipe brings, to its end.</summary>
    /// <param name="file">What it is.</param>
    /// <param name="content">Its bytes; read to the end, or not.</param>
    /// <param name="most">The most bytes it may have.</param>
    /// <param name="cancellationToken">Ends it; nothing stays.</param>
    /// <exception cref="FileTooLargeException">It has more.</exception>
    /// <exception cref="FilesFullException">It is an upload, and all files together have more than <see cref="FileStoreOptions.MaxTotalBytes"/>.</exception>
    /// <exception cref="FileDigestException">It is not what was expected.</exception>
    /// <exception cref="NpgsqlException">The ledger can't be reached; nothing is visible.</exception>
    public async Task<StoredFile> WriteAsync(NewFile file, PipeReader content, long most, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(content);
        var id = clock.NewId();
        try
        {
            var room = await BeginAsync(id, file, cancellationToken);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var size = await WriteChunksAsync(id, content, most, hash, room, cancellationToken);
            var sha256 = hash.GetHashAndReset();
            if (file.ExpectedSha256 is { } expected && !expected.AsSpan().SequenceEqual(sha256))
                throw new FileDigestException(Convert.ToHexStringLower(expected), Convert.ToHexStringLower(sha256));
            return await CompleteAsync(id, size, sha256, cancellationToken);
        }
        catch
        {
            await ForgetAsync(id);
            throw;
        }
    }

    /// <summary>Reads what a file is; null if there is none, none yet, or none any more.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<StoredFile?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = ledger.Web.CreateCommand(FileSql.Find);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    /// <summary>Reads what uploads there are, newest first.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyList<StoredFile>> ListAsync(Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var command = ledger.Web.CreateCommand(FileSql.List);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = after ?? Guid.AllBitsSet });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var files = new List<StoredFile>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            files.Add(Read(reader));
        return files;
    }

    /// <summary>Deletes an upload: nobody sees it any more, and its bytes are deleted now or soon. False: there is none.</summary>
    /// <param name="id">The file.</param>
    /// <param name="by">For the audit log, in the same transaction.</param>
    /// <param name="cancellationToken">Gives up waiting; it may be deleted all the same.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<bool> DeleteAsync(Guid id, OnBehalf by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(by);
        if (!await MarkUploadAsync(id, by, cancellationToken))
            return false;
        await eraser.EraseSmallAsync(id, cancellationToken);
        return true;
    }

    /// <summary>The bytes of a file, to be read from anywhere.</summary>
    public Stream OpenRead(StoredFile file) => new StoredFileStream(file, this);

    /// <summary>Reads one chunk; answers how many bytes it has.</summary>
    /// <exception cref="EndOfStreamException">The file is gone.</exception>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    internal async Task<int> ReadChunkAsync(Guid id, int chunk, Memory<byte> into, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        try
        {
            await using var command = ledger.Web.CreateCommand(FileSql.Chunk);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = chunk });
            // Sequential: straight from the socket into our buffer, never a second copy.
            await using var reader = await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, cancellationToken);
            if (!await reader.ReadAsync(cancellationToken))
                throw new EndOfStreamException($"File {id} was deleted while it was read.");
            await using var data = await reader.GetStreamAsync(0, cancellationToken);
            return await data.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, cancellationToken);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>Takes away what was stored of a file that will not be complete, or that nobody refers to; if the ledger is away too, it is tried again later.</summary>
    internal async Task ForgetAsync(Guid id)
    {
        try
        {
            await using (var command = ledger.Web.CreateCommand(FileSql.Mark))
            {
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
                await command.ExecuteNonQueryAsync(CancellationToken.None);
            }

            await eraser.EraseSmallAsync(id, CancellationToken.None);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            log.NotForgotten(id, e.Message);
            _leftOver.Enqueue(id);
        }
    }

    /// <summary>Marks what could not be marked when its writing ended.</summary>
    internal async Task ForgetLeftOverAsync()
    {
        for (var left = _leftOver.Count; left > 0 && _leftOver.TryDequeue(out var id); left--)
            await ForgetAsync(id);
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    /// <summary>For a writer whose file was taken for abandoned.</summary>
    internal static LedgerUnavailableException CleanedAway() =>
        new("This process was declared dead, and the file that it was writing was cleaned away.");

    /// <summary>Reads the columns that all statements have in common.</summary>
    internal static StoredFile Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0),
        reader.GetString(1),
        reader.IsDBNull(2) ? null : reader.GetString(2),
        reader.GetInt64(3),
        reader.GetFieldValue<byte[]>(4),
        reader.GetInt32(5),
        new DateTimeOffset(reader.GetDateTime(6), TimeSpan.Zero),
        reader.IsDBNull(7) ? null : new DateTimeOffset(reader.GetDateTime(7), TimeSpan.Zero),
        reader.IsDBNull(8) ? null : reader.GetGuid(8));

    /// <summary>Of an upload answers its room; inputs and results have none of their own, and go in whatever else there is.</summary>
    private async Task<UploadRoom?> BeginAsync(Guid id, NewFile file, CancellationToken cancellationToken)
    {
        var isUpload = file.TaskId is null;
        var most = options.Value.MaxTotalBytes;
        await using (var command = ledger.Web.CreateCommand(isUpload ? FileSql.BeginUpload : FileSql.Begin))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            command.Parameters.Add(Parameters.Uuid(file.TaskId));
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = identity.Id });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = ChunkBytes });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = file.MediaType });
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)file.Name ?? DBNull.Value });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = file.Length ?? 0 });
            if (isUpload)
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = most });
            if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
                throw new FilesFullException(most);
        }

        if (!isUpload)
            return null;
        var room = new UploadRoom(ledger, id, file.Length ?? 0, most);
        await room.BeginAsync(cancellationToken);
        return room;
    }

    private async Task<long> WriteChunksAsync(
        Guid id, PipeReader content, long most, IncrementalHash hash, UploadRoom? room, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            var size = 0L;
            var filled = 0;
            var chunk = 0;
            while (true)
            {
                var read = await content.ReadAsync(cancellationToken);
                try
                {
                    var left = read.Buffer;
                    size += left.Length;
                    if (size > most)
                        throw new FileTooLargeException(most);
                    while (!left.IsEmpty)
                    {
                        var take = left.Slice(0, Math.Min(left.Length, ChunkBytes - filled));
                        take.CopyTo(buffer.AsSpan(filled));
                        filled += (int)take.Length;
                        left = left.Slice(take.End);
                        if (filled < ChunkBytes)
                            continue;
                        hash.AppendData(buffer, 0, filled);
                        await AddChunkAsync(id, chunk++, buffer.AsMemory(0, filled), cancellationToken);
                        filled = 0;
                        if (room is not null)
                            await room.GrowAsync((long)chunk * ChunkBytes, false, cancellationToken);
                    }
                }
                finally
                {
                    // Also when it ends here: what is left of a request is read away by others.
                    content.AdvanceTo(read.Buffer.End);
                }

                if (read.IsCanceled)
                    throw new OperationCanceledException("The upload was ended.");
                if (!read.IsCompleted)
                    continue;
                if (room is not null)
                    await room.GrowAsync(size, true, cancellationToken);
                if (filled > 0)
                {
                    hash.AppendData(buffer, 0, filled);
                    await AddChunkAsync(id, chunk, buffer.AsMemory(0, filled), cancellationToken);
                }

                return size;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task AddChunkAsync(Guid id, int chunk, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        try
        {
            await using var command = ledger.Web.CreateCommand(FileSql.AddChunk);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = chunk });
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bytea, Value = data });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task<StoredFile> CompleteAsync(Guid id, long size, byte[] sha256, CancellationToken cancellationToken)
    {
        await using var command = ledger.Web.CreateCommand(FileSql.Complete);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = size });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = sha256 });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Retention });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? Read(reader)
            : throw CleanedAway();
    }

    private async Task<bool> MarkUploadAsync(Guid id, OnBehalf by, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(FileSql.MarkUpload, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = id } } };
        if (await command.ExecuteScalarAsync(cancellationToken) is not { } name)
            return false;
        await AuditTrail.WriteAsync(connection, by, AuditActions.DeleteFile, $"file:{id}", name is string ? new { name } : null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
