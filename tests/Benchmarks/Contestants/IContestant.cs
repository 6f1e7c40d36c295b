using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>One way to get the same work done. Its processes live over all rounds, so that a run meets warm code.</summary>
internal interface IContestant : IAsyncDisposable
{
    /// <summary>What the tables call it.</summary>
    string Name { get; }

    /// <summary>Works until a run would be a typical one.</summary>
    async Task WarmUpAsync(int tasks, CancellationToken cancellationToken) => await RunAsync(tasks, cancellationToken);

    /// <summary>Does the work once, checks that all of it was done, and leaves the servers quiet behind.</summary>
    /// <exception cref="BenchFailedException">Work was lost, repeated, or not done in time.</exception>
    Task<Sample> RunAsync(int tasks, CancellationToken cancellationToken);
}
