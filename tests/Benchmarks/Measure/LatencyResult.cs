using System.Text.Json.Nodes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>How long tasks took at several paces.</summary>
/// <param name="Case">The case's name.</param>
/// <param name="Conditions">What was measured and how.</param>
/// <param name="Machine">Where it was measured.</param>
/// <param name="Paces">By tasks a second: what each run showed.</param>
internal sealed record LatencyResult(
    string Case,
    IReadOnlyDictionary<string, string> Conditions,
    IReadOnlyDictionary<string, string> Machine,
    IReadOnlyDictionary<int, IReadOnlyList<Latencies>> Paces)
    : IBenchResult
{
    private static readonly (string Name, Func<Latencies, Latency> Of)[] Steps =
        [("accepted", l => l.Accepted), ("handler starts", l => l.Started), ("result seen", l => l.Seen)];

    private static readonly (string Name, Func<BusLatencies, Latency> Of)[] FloorSteps =
        [("floor: confirmed", l => l.Confirmed), ("floor: received", l => l.Received)];

    /// <summary>By messages a second: what a bus without anything of ours showed.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<BusLatencies>> Floor { get; init; } = new Dictionary<int, IReadOnlyList<BusLatencies>>();

    /// <summary>The most memory that each of our own processes had resident at any pace, in MiB.</summary>
    public IReadOnlyDictionary<string, double> PeakMiB { get; init; } = new Dictionary<string, double>();

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Ratios => Floor.ToDictionary(
        pace => $"{pace.Key} tasks/s: handler starts, p50 × floor",
        pace => Spread.Of(Paces[pace.Key].Select(run => run.Started.P50)).Median / Spread.Of(pace.Value.Select(run => run.Received.P50)).Median);

    /// <inheritdoc/>
    public void Write(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"{Case}: {string.Join(", ", Conditions.Select(c => $"{c.Key} {c.Value}"))}");
        output.WriteLine(string.Join(", ", Machine.Select(m => $"{m.Key} {m.Value}")));
        output.WriteLine();
        TextTable.Write(output, ["tasks/s", "since submit, ms", "p50", "min", "max", "p99", "min", "max", "worst"], Rows().Select(row => (string[])
        [
            $"{row.Pace:N0}", row.Step,
            $"{row.P50.Median:N2}", $"{row.P50.Min:N2}", $"{row.P50.Max:N2}",
            $"{row.P99.Median:N2}", $"{row.P99.Min:N2}", $"{row.P99.Max:N2}",
            $"{row.Worst.Max:N2}",
        ]));
        output.WriteLine();
        output.WriteLine($"peak resident memory, MiB: {string.Join(", ", PeakMiB.Select(part => $"{part.Key} {part.Value:N0}"))}");
        output.WriteLine();
    }

    /// <inheritdoc/>
    public JsonObject ToJson() => new()
    {
        ["case"] = Case,
        ["conditions"] = ResultFile.Node(Conditions),
        ["machine"] = ResultFile.Node(Machine),
        ["millisecondsSinceSubmit"] = new JsonArray([.. Rows().Select(row => new JsonObject
        {
            ["tasksPerSecond"] = row.Pace,
            ["step"] = row.Step,
            ["p50"] = ResultFile.Node(row.P50),
            ["p99"] = ResultFile.Node(row.P99),
            ["worst"] = row.Worst.Max,
        })]),
        ["peakMiBByPart"] = ResultFile.Node(PeakMiB),
    };

    private IEnumerable<Row> Rows() => Paces.SelectMany(pace => (IEnumerable<Row>)
    [
        .. FloorSteps.Where(_ => Floor.ContainsKey(pace.Key)).Select(step => ToRow(pace.Key, step.Name, Floor[pace.Key].Select(step.Of))),
        .. Steps.Select(step => ToRow(pace.Key, step.Name, pace.Value.Select(step.Of))),
    ]);

    private static Row ToRow(int pace, string step, IEnumerable<Latency> runs)
    {
        Latency[] all = [.. runs];
        return new Row(pace, step, Spread.Of(all.Select(run => run.P50)), Spread.Of(all.Select(run => run.P99)), Spread.Of(all.Select(run => run.Max)));
    }

    private sealed record Row(int Pace, string Step, Spread P50, Spread P99, Spread Worst);
}
