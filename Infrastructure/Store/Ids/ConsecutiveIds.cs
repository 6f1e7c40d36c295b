using System.Buffers.Binary;

namespace Messaging.Infrastructure.Store.Ids;

/// <summary>
/// Makes UUIDv7 (RFC 9562, section 5.7) that follow each other by one as long as the millisecond is the same (section 6.2, method 2). Tasks that
/// are submitted together then lie together in the ledger's keys, and statements find them as <see cref="IdRun"/>s. A new millisecond begins at
/// a random place of 73 bits: ids of different processes never meet in practice. Whoever has one id can guess its neighbours'; an id is no
/// secret, keys and scopes say who may see a task. Safe to use from several threads.
/// </summary>
public sealed class ConsecutiveIds
{
    // The highest random bit of the lower half: with room above the start, counting never reaches the variant.
    private const ulong Room = 1UL << 61;

    private readonly Lock _lock = new();
    private long _millisecond = long.MinValue;
    private UInt128 _last;

    /// <summary>The next id.</summary>
    /// <param name="now">The time it carries, to the millisecond. One that goes back is no fault: the ids begin at a random place again.</param>
    public Guid Next(DateTimeOffset now)
    {
        var millisecond = now.ToUnixTimeMilliseconds();
        lock (_lock)
        {
            _last = millisecond == _millisecond ? _last + 1 : Start(now);
            _millisecond = millisecond;
            return ToId(_last);
        }
    }

    /// <summary>An id as the number that the ledger orders it by.</summary>
    internal static UInt128 ToNumber(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static UInt128 Start(DateTimeOffset now) => ToNumber(Guid.CreateVersion7(now)) & ~(UInt128)Room;

    private static Guid ToId(UInt128 number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new Guid(bytes, bigEndian: true);
    }
}
