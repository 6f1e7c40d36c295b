using System.Net;
using System.Net.Http.Headers;

namespace Messaging.Contracts.Client.Http;

/// <summary>A body of NDJSON (<c>application/x-ndjson</c>): lines that are there already, written one after the other.</summary>
internal sealed class LinesContent : HttpContent
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    private readonly IReadOnlyList<BatchLine> _lines;

    public LinesContent(IReadOnlyList<BatchLine> lines)
    {
        _lines = lines;
        Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _lines.Sum(line => line.Json.Length + 1L);
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Thousands of short lines: one write for each would be a packet for each. Not disposed, since the stream is not ours.
        var buffered = new BufferedStream(stream, 64 * 1024);
        foreach (var line in _lines)
        {
            await buffered.WriteAsync(line.Json, cancellationToken);
            await buffered.WriteAsync(LineEnd, cancellationToken);
        }

        await buffered.FlushAsync(cancellationToken);
    }
}
