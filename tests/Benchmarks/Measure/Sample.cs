namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What one run showed.</summary>
/// <param name="Tasks">How many tasks or messages it did.</param>
/// <param name="Elapsed">From the first submit to the last result.</param>
/// <param name="Cpu">CPU time of each part (a process with its children), until all was settled.</param>
/// <param name="Elsewhere">CPU time of the machine's other processes meanwhile: much of it means a disturbed run.</param>
/// <param name="Upkeep">CPU time that the database still needed afterwards (vacuum, checkpoint). Not part of <paramref name="Cpu"/>.</param>
internal sealed record Sample(int Tasks, TimeSpan Elapsed, IReadOnlyDictionary<string, TimeSpan> Cpu, TimeSpan Elsewhere, TimeSpan Upkeep)
{
    /// <summary>Tasks per second.</summary>
    public double Rate => Tasks / Elapsed.TotalSeconds;

    /// <summary>CPU of all parts for one task, in µs.</summary>
    public double CpuPerTask => Cpu.Values.Sum(PerTask);

    /// <summary>A time as µs for one task.</summary>
    public double PerTask(TimeSpan time) => time.TotalMicroseconds / Tasks;
}
