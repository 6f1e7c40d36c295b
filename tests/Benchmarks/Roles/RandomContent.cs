using System.Net;
using System.Security.Cryptography;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>A body of so many bytes without a pattern that any compression would find. Never in memory whole.</summary>
/// <param name="bytes">How many.</param>
internal sealed class RandomContent(long bytes) : HttpContent
{
    private const int Chunk = 256 * 1024;

    /// <summary>The SHA-256 of what was sent, in hex; empty until all was.</summary>
    public string Sha256 { get; private set; } = "";

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new Random(1);
        var buffer = new byte[Chunk];
        for (var left = bytes; left > 0;)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(left, Chunk));
            random.NextBytes(part.Span);
            hash.AppendData(part.Span);
            await stream.WriteAsync(part);
            left -= part.Length;
        }

        Sha256 = Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = bytes;
        return true;
    }
}
