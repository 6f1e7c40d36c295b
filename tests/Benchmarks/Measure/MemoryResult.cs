using System.Text.Json.Nodes;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>How much memory our processes had while they did more and more tasks.</summary>
/// <param name="Case">The case's name.</param>
/// <param name="Conditions">What was measured and how.</param>
/// <param name="Machine">Where it was measured.</param>
/// <param name="Systems">By system: its steps in order, each of the same size.</param>
internal sealed record MemoryResult(
    string Case,
    IReadOnlyDictionary<string, string> Conditions,
    IReadOnlyDictionary<string, string> Machine,
    IReadOnlyDictionary<string, IReadOnlyList<MemoryStep>> Systems)
    : IBenchResult
{
    /// <summary>Growth rather than a floor: what each process has at the end as a multiple of what it had after the first step.</summary>
    public IReadOnlyDictionary<string, double> Ratios => Systems
        .SelectMany(system => system.Value[^1].ResidentMiB.Select(part => KeyValuePair.Create(
            $"{system.Key}: memory of the {part.Key}, last step × first", part.Value / system.Value[0].ResidentMiB[part.Key])))
        .ToDictionary();

    /// <inheritdoc/>
    public void Write(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"{Case}: {string.Join(", ", Conditions.Select(c => $"{c.Key} {c.Value}"))}");
        output.WriteLine(string.Join(", ", Machine.Select(m => $"{m.Key} {m.Value}")));
        foreach (var (name, steps) in Systems)
        {
            output.WriteLine();
            string[] parts = [.. steps[0].ResidentMiB.Keys];
            TextTable.Write(output, [$"{name}: tasks done", "tasks/s", .. parts.SelectMany(part => (string[])[$"{part}, MiB", "peak"])], steps.Select(step => (string[])
            [
                $"{step.TasksDone:N0}",
                $"{step.TasksPerSecond:N0}",
                .. parts.SelectMany(part => (string[])[$"{step.ResidentMiB[part]:N0}", $"{step.PeakMiB[part]:N0}"]),
            ]));
        }

        output.WriteLine();
    }

    /// <inheritdoc/>
    public JsonObject ToJson() => new()
    {
        ["case"] = Case,
        ["conditions"] = ResultFile.Node(Conditions),
        ["machine"] = ResultFile.Node(Machine),
        ["systems"] = ResultFile.Node(Systems),
        ["lastStepToFirst"] = ResultFile.Node(Ratios),
    };
}

/// <summary>One step of a long run.</summary>
/// <param name="TasksDone">From the first step to the end of this one.</param>
/// <param name="TasksPerSecond">In this step.</param>
/// <param name="ResidentMiB">What each of our processes had in memory when the step's tasks had ended.</param>
/// <param name="PeakMiB">The most it had during the step.</param>
internal sealed record MemoryStep(
    int TasksDone, double TasksPerSecond, IReadOnlyDictionary<string, double> ResidentMiB, IReadOnlyDictionary<string, double> PeakMiB);
