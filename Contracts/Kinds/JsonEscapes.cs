using System.Buffers.Text;

namespace Messaging.Contracts.Kinds;

/// <summary>Finds <c>\u</c> escapes that are well-formed JSON and yet no text that can be kept.</summary>
internal static class JsonEscapes
{
    /// <summary>What is wrong with a string.</summary>
    public enum Fault
    {
        None,

        /// <summary><c>\u0000</c>.</summary>
        Nul,

        /// <summary>A high surrogate without its low one, or the other way round: no Unicode text.</summary>
        HalfSurrogate,
    }

    /// <summary>Looks through the raw bytes of a string that the JSON reader has accepted.</summary>
    public static Fault FindFault(ReadOnlySpan<byte> raw)
    {
        var fault = Fault.None;
        while (raw.IndexOf((byte)'\\') is var at and >= 0)
        {
            if (raw[at + 1] != 'u')
            {
                raw = raw[(at + 2)..];
                continue;
            }

            var unit = Unit(raw[at..]);
            raw = raw[(at + 6)..];
            if (unit == 0)
            {
                fault = Fault.Nul;
            }
            else if (char.IsHighSurrogate(unit) && raw is [(byte)'\\', (byte)'u', ..] && char.IsLowSurrogate(Unit(raw)))
            {
                raw = raw[6..];
            }
            else if (char.IsSurrogate(unit))
            {
                return Fault.HalfSurrogate;
            }
        }

        return fault;
    }

    // Four hex digits: the reader has seen to that.
    private static char Unit(ReadOnlySpan<byte> escape) =>
        Utf8Parser.TryParse(escape.Slice(2, 4), out ushort unit, out _, 'x') ? (char)unit : '\0';
}
