using System.Text.Json.Nodes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What a case without a floor showed: one table, a row for each thing looked at, a column for each figure.</summary>
/// <param name="Case">The case's name.</param>
/// <param name="Conditions">What was measured and how.</param>
/// <param name="Machine">Where it was measured.</param>
/// <param name="Rows">At least one; all have the same columns.</param>
internal sealed record FiguresResult(
    string Case, IReadOnlyDictionary<string, string> Conditions, IReadOnlyDictionary<string, string> Machine, IReadOnlyList<FigureRow> Rows)
    : IBenchResult
{
    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Ratios => new Dictionary<string, double>();

    /// <inheritdoc/>
    public void Write(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"{Case}: {string.Join(", ", Conditions.Select(c => $"{c.Key} {c.Value}"))}");
        output.WriteLine(string.Join(", ", Machine.Select(m => $"{m.Key} {m.Value}")));
        output.WriteLine();
        TextTable.Write(
            output,
            ["median (min–max)", .. Rows[0].Columns],
            Rows.Select(row => (string[])[row.Name, .. row.Columns.Select(column => Text(row.Of(column)))]));
        output.WriteLine();
    }

    /// <inheritdoc/>
    public JsonObject ToJson() => new()
    {
        ["case"] = Case,
        ["conditions"] = ResultFile.Node(Conditions),
        ["machine"] = ResultFile.Node(Machine),
        ["rows"] = new JsonArray([.. Rows.Select(row => new JsonObject
        {
            ["name"] = row.Name,
            ["figures"] = ResultFile.Node(row.Columns.ToDictionary(column => column, row.Of)),
            ["runs"] = ResultFile.Node(row.Runs),
        })]),
    };

    private static string Text(Spread spread) =>
        spread.Min.Equals(spread.Max) ? Text(spread.Median) : $"{Text(spread.Median)} ({Text(spread.Min)}–{Text(spread.Max)})";

    private static string Text(double number) => Math.Abs(number) switch
    {
        >= 100 => $"{number:N0}",
        >= 10 => $"{number:0.#}",
        _ => $"{number:0.##}",
    };
}

/// <summary>One row of such a table.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Runs">At least one; each has a value for each column. A column's name says its unit.</param>
internal sealed record FigureRow(string Name, IReadOnlyList<IReadOnlyDictionary<string, double>> Runs)
{
    /// <summary>The columns' names, in order.</summary>
    public IEnumerable<string> Columns => Runs[0].Keys;

    /// <summary>What the runs showed in a column.</summary>
    public Spread Of(string column) => Spread.Of(Runs.Select(run => run[column]));
}
