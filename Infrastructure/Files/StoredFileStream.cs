using System.Buffers;

namespace Messaging.Infrastructure.Files;

/// <summary>The bytes of a stored file: read only, from anywhere, one chunk in memory, no connection held between reads.</summary>
internal sealed class StoredFileStream(StoredFile file, FileStore store) : Stream
{
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(file.ChunkBytes);
    private long _position;
    private int _chunk = -1;
    private int _length;
    private bool _disposed;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => file.Size;

    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "It is negative.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= file.Size || buffer.IsEmpty)
            return 0;
        var chunk = (int)(_position / file.ChunkBytes);
        if (chunk != _chunk)
        {
            _chunk = -1;
            _length = await store.ReadChunkAsync(file.Id, chunk, _buffer.AsMemory(0, file.ChunkBytes), cancellationToken);
            _chunk = chunk;
        }

        var offset = (int)(_position % file.ChunkBytes);
        var count = Math.Min(buffer.Length, _length - offset);
        if (count <= 0)
            throw new EndOfStreamException($"File {file.Id} is shorter than its {file.Size} bytes.");
        _buffer.AsMemory(offset, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => file.Size + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
            ArrayPool<byte>.Shared.Return(_buffer);
        _disposed = true;
        base.Dispose(disposing);
    }
}
