namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What a case showed.</summary>
/// <param name="Case">Its name.</param>
/// <param name="Conditions">What was measured and how, in the words of the table's head: tasks, payload, repeats.</param>
/// <param name="Machine">Where it was measured.</param>
/// <param name="Contestants">The first is the floor that the others are compared with.</param>
internal sealed record CaseResult(
    string Case, IReadOnlyDictionary<string, string> Conditions, IReadOnlyDictionary<string, string> Machine, IReadOnlyList<ContestantResult> Contestants);

/// <summary>What one contestant showed.</summary>
/// <param name="Name">Who.</param>
/// <param name="Samples">Its counted runs, in order.</param>
internal sealed record ContestantResult(string Name, IReadOnlyList<Sample> Samples)
{
    /// <summary>Tasks per second.</summary>
    public Spread Rate => Spread.Of(Samples.Select(s => s.Rate));

    /// <summary>µs of CPU for one task, over all parts.</summary>
    public Spread CpuPerTask => Spread.Of(Samples.Select(s => s.CpuPerTask));

    /// <summary>µs of CPU for one task after the run (vacuum, checkpoint).</summary>
    public Spread UpkeepPerTask => Spread.Of(Samples.Select(s => s.PerTask(s.Upkeep)));

    /// <summary>The share of the machine that others took during the runs, 0 to 1.</summary>
    public Spread Elsewhere => Spread.Of(Samples.Select(s => s.Elsewhere / s.Elapsed / Environment.ProcessorCount));

    /// <summary>µs of CPU for one task, by part.</summary>
    public IReadOnlyDictionary<string, Spread> CpuByPart =>
        Samples[0].Cpu.Keys.ToDictionary(part => part, part => Spread.Of(Samples.Select(s => s.PerTask(s.Cpu[part]))));
}
