namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>What was used between two readings of a <see cref="CpuMeter"/>.</summary>
/// <param name="Parts">CPU time of each part (a process with its children).</param>
/// <param name="Elsewhere">CPU time of the machine's other processes.</param>
internal sealed record Cost(IReadOnlyDictionary<string, TimeSpan> Parts, TimeSpan Elsewhere)
{
    /// <summary>The most memory that each of our own processes had resident, in MiB.</summary>
    public IReadOnlyDictionary<string, double> PeakMiB { get; init; } = new Dictionary<string, double>();

    /// <summary>How much of the machine's processors everybody together used, 0 to 1. Near 1: there was no more to be had.</summary>
    public double Busy { get; init; }
}
