using System.Buffers.Binary;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>The time in a task's id: when it was accepted, by the ledger's clock, in milliseconds.</summary>
public static class IdTime
{
    /// <summary>Reads the time out of a UUIDv7 (RFC 9562, section 5.7).</summary>
    public static DateTimeOffset Of(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds((long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16));
    }
}
