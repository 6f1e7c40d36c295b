using System.Buffers.Binary;

namespace Messaging.Tests.Support.Faults;

/// <summary>
/// An AMQP 0-9-1 broker's answers without one sort of them, in parts of the stream that the test picks: everything else passes, so that
/// client and broker both believe that all is well.
/// </summary>
/// <param name="method"><see cref="Delivery"/> or <see cref="Confirm"/>.</param>
/// <param name="swallows">Asked at each such answer with the channel's generation: how often a channel was opened on this connection so far.</param>
public sealed class SwallowedAnswers(uint method, Func<int, bool> swallows) : IByteFilter
{
    /// <summary>A message for a consumer (<c>basic.deliver</c>).</summary>
    public const uint Delivery = 0x003C_003C;

    /// <summary>The broker's confirm of a publish (<c>basic.ack</c>).</summary>
    public const uint Confirm = 0x003C_0050;

    private const int FrameHeader = 7; // type, channel, size; and one octet at the end of the frame
    private const byte MethodFrame = 1;
    private const uint ChannelOpenOk = 0x0014_000B;

    private readonly HashSet<ushort> _swallowing = [];
    private byte[] _rest = [];
    private int _opened;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> bytes)
    {
        byte[] all = [.. _rest, .. bytes.Span];
        var passed = new List<byte>(all.Length);
        var at = 0;
        while (all.Length - at >= FrameHeader)
        {
            var frame = all.AsSpan(at);
            var length = FrameHeader + (int)BinaryPrimitives.ReadUInt32BigEndian(frame[3..]) + 1;
            if (frame.Length < length)
                break;
            if (!IsSwallowed(frame[..length]))
                passed.AddRange(frame[..length]);
            at += length;
        }

        _rest = all[at..];
        return passed.ToArray();
    }

    /// <summary>A delivery is a method frame followed by header and body frames, until the channel's next method.</summary>
    private bool IsSwallowed(ReadOnlySpan<byte> frame)
    {
        var channel = BinaryPrimitives.ReadUInt16BigEndian(frame[1..]);
        if (frame[0] != MethodFrame)
            return channel != 0 && _swallowing.Contains(channel);
        _swallowing.Remove(channel);
        var present = BinaryPrimitives.ReadUInt32BigEndian(frame[FrameHeader..]);
        if (present == ChannelOpenOk)
            _opened++;
        return present == method && swallows(_opened) && _swallowing.Add(channel);
    }
}
