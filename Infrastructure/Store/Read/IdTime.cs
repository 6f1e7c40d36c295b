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

    /// <summary>The smallest id of a time, rounded up to the millisecond: what was accepted then or later is not below it.</summary>
    public static Guid Floor(DateTimeOffset time)
    {
        var ticks = Math.Max(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, 0);
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, ((ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond) << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
