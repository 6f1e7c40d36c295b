using System.Net;

namespace Messaging.Contracts.Client.Http;

/// <summary>
/// A body on a slow way: says of each piece that the other side has taken it, so that the time that it takes is no silence. Disposes what it sends.
/// </summary>
internal sealed class HeardContent : HttpContent
{
    /// <summary>Bodies up to this are sent in one piece and need none of it.</summary>
    public const int Piece = 64 * 1024;

    private readonly HttpContent _body;
    private readonly Action _taken;

    public HeardContent(HttpContent body, Action taken)
    {
        (_body, _taken) = (body, taken);
        foreach (var (name, values) in body.Headers)
            Headers.TryAddWithoutValidation(name, values);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Headers.ContentLength ?? 0;
        return _body.Headers.ContentLength is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        _body.CopyToAsync(new Pieces(stream, _taken), context, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _body.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Passes on what is written, in pieces. Not disposed, since the stream is not ours.</summary>
    private sealed class Pieces(Stream stream, Action taken) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (!buffer.IsEmpty)
            {
                var piece = buffer[..Math.Min(buffer.Length, Piece)];
                await stream.WriteAsync(piece, cancellationToken);
                taken();
                buffer = buffer[piece.Length..];
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Write it asynchronously.");

        public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException("Flush it asynchronously.");

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
