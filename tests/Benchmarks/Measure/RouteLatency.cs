using System.Text.Json.Nodes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>How long a route took to answer, in ms, over many requests one after the other.</summary>
/// <param name="Route">What was asked for.</param>
/// <param name="Requests">How many requests.</param>
/// <param name="P50">Half of them were answered by then.</param>
/// <param name="P95">95 of 100 were.</param>
/// <param name="Max">All were.</param>
/// <param name="Items">How many items an answer had, on average.</param>
/// <param name="CutShort">The share of answers, 0 to 1, whose search stopped early and said how far it came.</param>
internal sealed record RouteLatency(string Route, int Requests, double P50, double P95, double Max, double Items, double CutShort)
{
    /// <summary>Of at least one answer; nearest rank.</summary>
    public static RouteLatency Of(string route, IReadOnlyCollection<RouteAnswer> answers)
    {
        double[] sorted = [.. answers.Select(answer => answer.Took.TotalMilliseconds).Order()];
        return new RouteLatency(
            route, sorted.Length, Rank(0.50), Rank(0.95), sorted[^1], answers.Average(a => a.Items), answers.Average(a => a.CutShort ? 1.0 : 0.0));

        double Rank(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    /// <summary>Writes routes as a table.</summary>
    public static void Write(TextWriter output, IEnumerable<RouteLatency> routes) =>
        TextTable.Write(output, ["ms until answered", "requests", "p50", "p95", "max", "items", "cut short"], routes.Select(r => (string[])
        [
            r.Route, $"{r.Requests:N0}", $"{r.P50:N1}", $"{r.P95:N1}", $"{r.Max:N1}", $"{r.Items:N1}", $"{r.CutShort:P0}",
        ]));

    /// <summary>As JSON.</summary>
    public JsonNode? ToJson() => ResultFile.Node(this);
}

/// <summary>One answer of a list.</summary>
/// <param name="Took">From the request to the last byte.</param>
/// <param name="Items">How many items it had.</param>
/// <param name="CutShort">Whether the search stopped early.</param>
/// <param name="Next">The address of the next page, if there is one.</param>
internal sealed record RouteAnswer(TimeSpan Took, int Items, bool CutShort, string? Next);
