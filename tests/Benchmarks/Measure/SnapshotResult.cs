using System.Text.Json.Nodes;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What a held snapshot changes.</summary>
/// <param name="Case">The case's name.</param>
/// <param name="Conditions">What was measured and how.</param>
/// <param name="Machine">Where it was measured.</param>
/// <param name="Contestants">Without a snapshot, with one, and both while a day is dropped or is to be.</param>
/// <param name="LongestWaits">How long the slowest submit waited for its commit, in ms, by contestant.</param>
/// <param name="DropMilliseconds">How long it took to drop a day without a snapshot, in ms.</param>
/// <param name="GiveUpMilliseconds">How long it took until retention gave up with one, in ms.</param>
/// <param name="FreeTables">The narrow tables without a snapshot, after all runs.</param>
/// <param name="HeldTables">The same with one, which is still held.</param>
internal sealed record SnapshotResult(
    string Case,
    IReadOnlyDictionary<string, string> Conditions,
    IReadOnlyDictionary<string, string> Machine,
    IReadOnlyList<ContestantResult> Contestants,
    IReadOnlyDictionary<string, Spread> LongestWaits,
    Spread DropMilliseconds,
    Spread GiveUpMilliseconds,
    IReadOnlyList<TableHealth> FreeTables,
    IReadOnlyList<TableHealth> HeldTables)
    : IBenchResult
{
    private CaseResult Result => new(Case, Conditions, Machine, Contestants);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Ratios => Result.Ratios;

    /// <inheritdoc/>
    public void Write(TextWriter output)
    {
        Result.Write(output);
        // The longer it is held, the more is in the way: the median alone would hide that.
        TextTable.Write(output, ["round", "tasks/s without", "with", "ratio"], Rounds().Select(round => (string[])
            [$"{round.Number}", $"{round.Without:N0}", $"{round.With:N0}", $"{round.With / round.Without:N2}"]));
        output.WriteLine();
        TextTable.Write(output, ["slowest submit of a run, ms", "median", "min", "max"], LongestWaits.Select(wait => (string[])
            [wait.Key, $"{wait.Value.Median:N0}", $"{wait.Value.Min:N0}", $"{wait.Value.Max:N0}"]));
        output.WriteLine();
        output.WriteLine($"Without a snapshot a day was dropped in {Text(DropMilliseconds)}. With one retention gave up after {Text(GiveUpMilliseconds)}, each time.");
        output.WriteLine();
        TextTable.Write(output, ["after all runs", "dead rows without", "with", "table MB without", "with", "indexes MB without", "with"], HeldTables.Select(held =>
        {
            var free = FreeTables.Single(table => table.Table == held.Table);
            return (string[])
            [
                held.Table, $"{free.DeadRows:N0}", $"{held.DeadRows:N0}", Megabytes(free.TableBytes), Megabytes(held.TableBytes), Megabytes(free.IndexBytes), Megabytes(held.IndexBytes),
            ];
        }));
        output.WriteLine();
    }

    /// <inheritdoc/>
    public JsonObject ToJson()
    {
        var json = Result.ToJson();
        json["rounds"] = ResultFile.Node(Rounds());
        json["longestSubmitMilliseconds"] = ResultFile.Node(LongestWaits);
        json["dropMilliseconds"] = ResultFile.Node(DropMilliseconds);
        json["giveUpMilliseconds"] = ResultFile.Node(GiveUpMilliseconds);
        json["tablesWithout"] = ResultFile.Node(FreeTables);
        json["tablesWith"] = ResultFile.Node(HeldTables);
        return json;
    }

    private IEnumerable<Round> Rounds() => Contestants[0].Samples.Zip(Contestants[1].Samples, (without, with) => (without.Rate, with.Rate))
        .Select((pair, i) => new Round(i + 1, pair.Item1, pair.Item2));

    private static string Text(Spread milliseconds) => $"{milliseconds.Median:N0} ms ({milliseconds.Min:N0} to {milliseconds.Max:N0})";

    private static string Megabytes(long bytes) => $"{bytes / 1e6:N1}";

    private sealed record Round(int Number, double Without, double With);
}
