using System.Xml;

namespace Messaging.Contracts.Json;

/// <summary>
/// Reads and writes durations of a fixed length: ISO 8601 in the form of RFC 3339, appendix A, with a fraction of seconds and an
/// optional minus sign in front. <c>PT1M30S</c>, <c>P1DT2H</c>, <c>PT0.25S</c>, <c>P2W</c>. Years and months are refused: their length is not fixed.
/// </summary>
public static class Iso8601Duration
{
    /// <summary>Longer texts are refused unread.</summary>
    public const int MaxLength = 64;

    // In the order in which a duration may name them.
    private const string Units = "WDHMS";

    /// <summary>Reads a duration; false for anything else and for what a <see cref="TimeSpan"/> can't hold (about 29,000 years).</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = default;
        if (text.Length > MaxLength)
            return false;
        var negative = text is ['-', ..];
        if (negative)
            text = text[1..];
        if (text is not ['P', .., not 'T'])
            return false;
        return TryReadUnits(text[1..], out var ticks) && TryFit(negative ? -ticks : ticks, out value);
    }

    /// <summary>Writes a duration: <c>PT30S</c>, <c>-PT1M</c>, <c>P1DT2H</c>, <c>PT0S</c>.</summary>
    public static string Format(TimeSpan value) => XmlConvert.ToString(value);

    private static bool TryReadUnits(ReadOnlySpan<char> text, out Int128 ticks)
    {
        ticks = 0;
        var next = 0;
        var inTime = false;
        while (!text.IsEmpty)
        {
            if (text[0] == 'T' && !inTime)
            {
                inTime = true;
                text = text[1..];
                continue;
            }

            if (!TryReadNumber(ref text, out var whole, out var fraction, out var hasFraction) || text.IsEmpty)
                return false;
            var unit = Units.IndexOf(text[0], StringComparison.Ordinal);
            text = text[1..];
            // Weeks and days stand before the T, the others after it, each at most once; only seconds have a fraction; weeks stand alone.
            if (unit < next || inTime != unit >= 2 || (hasFraction && unit != 4) || (unit == 0 && !text.IsEmpty))
                return false;
            ticks += whole * TicksOf(unit) + fraction;
            next = unit + 1;
        }

        return next > 0;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<char> text, out Int128 whole, out long fraction, out bool hasFraction)
    {
        whole = 0;
        fraction = 0;
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]) && digits < 20)
            whole = whole * 10 + (text[digits++] - '0');
        text = text[digits..];
        hasFraction = digits > 0 && text is ['.', ..];
        if (!hasFraction)
            return digits > 0;

        text = text[1..];
        digits = 0;
        for (var scale = TimeSpan.TicksPerSecond; digits < text.Length && char.IsAsciiDigit(text[digits]); digits++)
        {
            // What is finer than a tick (100 ns) is cut off.
            scale /= 10;
            fraction += (text[digits] - '0') * scale;
        }

        text = text[digits..];
        return digits > 0;
    }

    private static long TicksOf(int unit) => unit switch
    {
        0 => 7 * TimeSpan.TicksPerDay,
        1 => TimeSpan.TicksPerDay,
        2 => TimeSpan.TicksPerHour,
        3 => TimeSpan.TicksPerMinute,
        _ => TimeSpan.TicksPerSecond,
    };

    private static bool TryFit(Int128 ticks, out TimeSpan value)
    {
        var fits = ticks >= long.MinValue && ticks <= long.MaxValue;
        value = fits ? new TimeSpan((long)ticks) : default;
        return fits;
    }
}
