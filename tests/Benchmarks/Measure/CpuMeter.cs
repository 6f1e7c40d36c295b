using System.Diagnostics;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>Measures the CPU time of named parts, each a process with all its children, and of the rest of the machine.</summary>
/// <param name="parts">The root process of each part.</param>
internal sealed class CpuMeter(IReadOnlyDictionary<string, int> parts)
{
    /// <summary>What has been used up to now.</summary>
    /// <param name="Parts">By part.</param>
    /// <param name="Own">By the benchmark's own process: it belongs to nobody.</param>
    /// <param name="Machine">By all processes of the machine.</param>
    internal sealed record Reading(IReadOnlyDictionary<string, TimeSpan> Parts, TimeSpan Own, TimeSpan Machine);

    /// <summary>Reads the counters; their step is 10 ms.</summary>
    public Reading Read() => new(
        ProcessTimes.OfTrees(parts), Process.GetCurrentProcess().TotalProcessorTime, ProcessTimes.OfMachine());

    /// <summary>What was used between two readings.</summary>
    public static (IReadOnlyDictionary<string, TimeSpan> Parts, TimeSpan Elsewhere) Between(Reading before, Reading after)
    {
        var used = after.Parts.ToDictionary(p => p.Key, p => p.Value - before.Parts[p.Key]);
        var elsewhere = after.Machine - before.Machine - (after.Own - before.Own) - used.Values.Aggregate(TimeSpan.Zero, (sum, cpu) => sum + cpu);
        return (used, elsewhere > TimeSpan.Zero ? elsewhere : TimeSpan.Zero);
    }
}
