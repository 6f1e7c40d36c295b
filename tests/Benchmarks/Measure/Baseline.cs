using System.Text.Json;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>
/// What an earlier, committed run showed (<c>baseline.json</c>), as ratios to its own floor: the only figures of two runs, perhaps of two
/// machines, that can be compared.
/// </summary>
internal static class Baseline
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static string File { get; } = Path.Combine(BuiltOutput.RepositoryRoot, "tests", "Benchmarks", "baseline.json");

    /// <summary>Writes how the result compares with the committed one; nothing if that has no such case.</summary>
    public static async Task CompareAsync(IBenchResult result, TextWriter output, CancellationToken cancellationToken)
    {
        if (result.Ratios.Count == 0 || !(await ReadAsync(cancellationToken)).TryGetValue(result.Case, out var before))
            return;
        TextTable.Write(output, ["against the baseline", "then", "now", "change"], result.Ratios.Where(now => before.ContainsKey(now.Key)).Select(now => (string[])
        [
            now.Key, $"{before[now.Key]:N2}", $"{now.Value:N2}", $"{(now.Value / before[now.Key]) - 1:+0 %;-0 %;0 %}",
        ]));
        output.WriteLine();
    }

    /// <summary>Makes the result the baseline of its case.</summary>
    /// <returns>The file.</returns>
    public static async Task<string> SaveAsync(IBenchResult result, CancellationToken cancellationToken)
    {
        var all = await ReadAsync(cancellationToken);
        all[result.Case] = result.Ratios.ToDictionary(ratio => ratio.Key, ratio => Math.Round(ratio.Value, 3));
        await System.IO.File.WriteAllTextAsync(File, JsonSerializer.Serialize(all, Indented) + "\n", cancellationToken);
        return File;
    }

    private static async Task<SortedDictionary<string, Dictionary<string, double>>> ReadAsync(CancellationToken cancellationToken)
        => System.IO.File.Exists(File)
            ? JsonSerializer.Deserialize<SortedDictionary<string, Dictionary<string, double>>>(await System.IO.File.ReadAllTextAsync(File, cancellationToken), Indented)!
            : [];
}
