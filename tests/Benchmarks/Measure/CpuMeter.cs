using System.Diagnostics;
using Messaging.Tests.Benchmarks.Contestants;

namespace Messaging.Tests.Benchmarks.Measure;

/// <summary>Measures the CPU time of named parts, each a process with all its children, and of the rest of the machine; and the memory of parts that are ours.</summary>
/// <param name="parts">The root process of each part.</param>
internal sealed class CpuMeter(IReadOnlyDictionary<string, int> parts)
{
    /// <summary>What has been used up to now.</summary>
    /// <param name="Parts">By part.</param>
    /// <param name="Own">By the benchmark's own process: it belongs to nobody.</param>
    /// <param name="Machine">By all processes of the machine.</param>
    internal sealed record Reading(IReadOnlyDictionary<string, TimeSpan> Parts, TimeSpan Own, TimeSpan Machine)
    {
        /// <summary>When it was read.</summary>
        public long At { get; } = Stopwatch.GetTimestamp();

        /// <summary>The most memory that each part of ours had resident since the reading before, in MiB.</summary>
        public required IReadOnlyDictionary<string, double> PeakMiB { get; init; }
    }

    /// <summary>Reads the counters; their step is 10 ms. The peaks of memory begin anew.</summary>
    public Reading Read() => new(ProcessTimes.OfTrees(parts), Process.GetCurrentProcess().TotalProcessorTime, ProcessTimes.OfMachine())
    {
        PeakMiB = OfOurs(ProcessMemory.TakePeak),
    };

    /// <summary>What each part of ours has in memory now, in MiB.</summary>
    public IReadOnlyDictionary<string, double> ReadResidentMiB() => OfOurs(ProcessMemory.Resident);

    /// <summary>What was used between two readings with none in between.</summary>
    public static Cost Between(Reading before, Reading after)
    {
        var used = after.Parts.ToDictionary(p => p.Key, p => p.Value - before.Parts[p.Key]);
        var others = after.Machine - before.Machine - (after.Own - before.Own);
        var elsewhere = others - used.Values.Aggregate(TimeSpan.Zero, (sum, cpu) => sum + cpu);
        return new Cost(used, elsewhere > TimeSpan.Zero ? elsewhere : TimeSpan.Zero)
        {
            PeakMiB = after.PeakMiB,
            Busy = (after.Machine - before.Machine) / Stopwatch.GetElapsedTime(before.At, after.At) / Environment.ProcessorCount,
        };
    }

    private Dictionary<string, double> OfOurs(Func<int, double> read)
        => parts.Where(part => !Parts.IsServer(part.Key)).ToDictionary(part => part.Key, part => read(part.Value));
}
