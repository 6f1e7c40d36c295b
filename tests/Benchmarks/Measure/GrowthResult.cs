using System.Text.Json.Nodes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What a ledger's size changes.</summary>
/// <param name="Case">The case's name.</param>
/// <param name="Conditions">What was measured and how.</param>
/// <param name="Machine">Where it was measured.</param>
/// <param name="Load">The run on the empty ledger, then on the full one.</param>
/// <param name="Lists">How soon lists of the full ledger are answered.</param>
/// <param name="Retention">The run on the full ledger, then the same while a day is dropped.</param>
/// <param name="LongestWaits">How long the slowest submit waited for its commit, in ms, by contestant of <paramref name="Retention"/>.</param>
/// <param name="DropMilliseconds">How long it took to drop a day, in ms.</param>
internal sealed record GrowthResult(
    string Case,
    IReadOnlyDictionary<string, string> Conditions,
    IReadOnlyDictionary<string, string> Machine,
    IReadOnlyList<ContestantResult> Load,
    IReadOnlyList<RouteLatency> Lists,
    IReadOnlyList<ContestantResult> Retention,
    IReadOnlyDictionary<string, Spread> LongestWaits,
    Spread DropMilliseconds)
    : IBenchResult
{
    private static readonly Dictionary<string, string> SaidAbove = [];

    private CaseResult LoadResult => new(Case, Conditions, Machine, Load);

    private CaseResult RetentionResult => new($"{Case}, retention", SaidAbove, SaidAbove, Retention);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Ratios => LoadResult.Ratios.Concat(RetentionResult.Ratios).ToDictionary();

    /// <inheritdoc/>
    public void Write(TextWriter output)
    {
        LoadResult.Write(output);
        RouteLatency.Write(output, Lists);
        RetentionResult.Write(output);
        TextTable.Write(output, ["slowest submit of a run, ms", "median", "min", "max"], LongestWaits.Select(wait => (string[])
            [wait.Key, $"{wait.Value.Median:N0}", $"{wait.Value.Min:N0}", $"{wait.Value.Max:N0}"]));
        output.WriteLine();
        output.WriteLine($"Dropping a day took {DropMilliseconds.Median:N0} ms ({DropMilliseconds.Min:N0} to {DropMilliseconds.Max:N0}).");
        output.WriteLine();
    }

    /// <inheritdoc/>
    public JsonObject ToJson()
    {
        var json = LoadResult.ToJson();
        json["lists"] = new JsonArray([.. Lists.Select(list => list.ToJson())]);
        json["retention"] = RetentionResult.ToJson()["contestants"]!.DeepClone();
        json["longestSubmitMilliseconds"] = ResultFile.Node(LongestWaits);
        json["dropMilliseconds"] = ResultFile.Node(DropMilliseconds);
        return json;
    }
}
