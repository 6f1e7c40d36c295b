namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>All cases, in the order they run.</summary>
internal static class BenchCases
{
    /// <summary>A new case is a file beside this one and a line here.</summary>
    public static IReadOnlyList<IBenchCase> All { get; } =
    [
        new EndToEnd(),
        new Drain(),
        new Submit(),
        new LatencyCase(),
        new PostOne(),
        new Fairness(),
        new IoBound(),
        new CpuBound(),
        new Floors(),
        new PayloadCase(),
        new ConsumersCase(),
        new RelayCase(),
        new MemoryCase(),
        new FilesCase(),
        new Growth(),
        new Snapshot(),
    ];
}
