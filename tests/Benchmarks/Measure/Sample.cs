namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What one run showed.</summary>
/// <param name="Tasks">How many tasks or messages it did.</param>
/// <param name="Elapsed">From the first submit to the last result.</param>
/// <param name="Cpu">CPU time of each part (a process with its children), until all was settled.</param>
/// <param name="Elsewhere">CPU time of the machine's other processes meanwhile: much of it means a disturbed run.</param>
/// <param name="Upkeep">CPU time that the database still needed afterwards (vacuum, checkpoint). Not part of <paramref name="Cpu"/>.</param>
internal sealed record Sample(int Tasks, TimeSpan Elapsed, IReadOnlyDictionary<string, TimeSpan> Cpu, TimeSpan Elsewhere, TimeSpan Upkeep)
{
    /// <summary>The most memory that each of our own processes had resident meanwhile, in MiB.</summary>
    public IReadOnlyDictionary<string, double> PeakMiB { get; init; } = new Dictionary<string, double>();

    /// <summary>How much of the machine's processors everybody together used, until all was settled; 0 to 1.</summary>
    public double Busy { get; init; }

    /// <summary>What Postgres wrote, until all was settled; null: nobody looked.</summary>
    public LedgerWork? Written { get; init; }

    /// <summary>Tasks per second.</summary>
    public double Rate => Tasks / Elapsed.TotalSeconds;

    /// <summary>CPU of all parts for one task, in µs; the same number is ms for 1,000 tasks.</summary>
    public double CpuPerTask => Cpu.Values.Sum(PerTask);

    /// <summary>What a run showed.</summary>
    /// <param name="tasks">How many tasks or messages it did.</param>
    /// <param name="elapsed">From the first submit to the last result.</param>
    /// <param name="cost">What it used, until all was settled.</param>
    /// <param name="upkeep">CPU time that the database still needed afterwards.</param>
    public static Sample Of(int tasks, TimeSpan elapsed, Cost cost, TimeSpan upkeep = default)
        => new(tasks, elapsed, cost.Parts, cost.Elsewhere, upkeep) { PeakMiB = cost.PeakMiB, Busy = cost.Busy };

    /// <summary>A time as µs for one task.</summary>
    public double PerTask(TimeSpan time) => time.TotalMicroseconds / Tasks;
}
