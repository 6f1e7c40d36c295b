using System.Globalization;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>A <see cref="Latency"/> as a line between processes, and as columns of a <see cref="FiguresResult"/>.</summary>
internal static class LatencyFigures
{
    /// <summary>Some of them as text without spaces.</summary>
    public static string ToText(params IEnumerable<Latency> latencies) =>
        string.Join(',', latencies.SelectMany(l => new[] { l.P50, l.P99, l.Max }).Select(number => number.ToString("R", CultureInfo.InvariantCulture)));

    /// <summary>Reads such a text.</summary>
    public static IReadOnlyList<Latency> Parse(string text) =>
        [.. text.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).Chunk(3).Select(n => new Latency(n[0], n[1], n[2]))];

    /// <summary>The columns.</summary>
    public static IReadOnlyDictionary<string, double> Columns(Latency latency) =>
        new Dictionary<string, double> { ["p50 ms"] = latency.P50, ["p99 ms"] = latency.P99, ["max ms"] = latency.Max };
}
