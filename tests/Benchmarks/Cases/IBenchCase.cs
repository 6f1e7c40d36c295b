using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Cases;

/// <summary>One question to measure, with its own servers and processes. One file each; listed in <see cref="BenchCases"/>.</summary>
internal interface IBenchCase
{
    /// <summary>What it is called on the command line.</summary>
    string Name { get; }

    /// <summary>One line for people.</summary>
    string Description { get; }

    /// <summary>Starts what it needs, measures, stops it.</summary>
    /// <exception cref="BenchFailedException">A run lost or repeated work, or something it needs broke.</exception>
    Task<IBenchResult> RunAsync(BenchSettings settings, CancellationToken cancellationToken);
}
