using System.Globalization;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>How long one step took, in ms, over many tasks.</summary>
/// <param name="P50">Half of them were done by then.</param>
/// <param name="P99">99 of 100 were.</param>
/// <param name="Max">All were.</param>
internal sealed record Latency(double P50, double P99, double Max)
{
    /// <summary>Of at least one time; nearest rank.</summary>
    public static Latency Of(IEnumerable<TimeSpan> times)
    {
        double[] sorted = [.. times.Select(time => time.TotalMilliseconds).Order()];
        return new Latency(Rank(0.50), Rank(0.99), sorted[^1]);

        double Rank(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }
}

/// <summary>The steps of a task's life, each counted from the moment before its submit.</summary>
/// <param name="Accepted">Its commit was answered.</param>
/// <param name="Started">Its handler began.</param>
/// <param name="Seen">Somebody who waits for it learnt of its end.</param>
internal sealed record Latencies(Latency Accepted, Latency Started, Latency Seen)
{
    /// <summary>For a line between processes.</summary>
    public string ToText() => string.Join(
        ',',
        new[] { Accepted, Started, Seen }
            .SelectMany(step => new[] { step.P50, step.P99, step.Max })
            .Select(number => number.ToString("R", CultureInfo.InvariantCulture)));

    /// <summary>Reads such a text.</summary>
    public static Latencies Parse(string text)
    {
        double[] n = [.. text.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        return new Latencies(new(n[0], n[1], n[2]), new(n[3], n[4], n[5]), new(n[6], n[7], n[8]));
    }
}

/// <summary>The way of a message through a bus that does nothing else, each counted from the moment before its send.</summary>
/// <param name="Confirmed">The broker has it.</param>
/// <param name="Received">Its consumer was called.</param>
internal sealed record BusLatencies(Latency Confirmed, Latency Received);
