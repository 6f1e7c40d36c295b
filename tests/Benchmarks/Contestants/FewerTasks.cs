using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>A contestant that gets a part of each run's tasks: with as many as the others it would take minutes.</summary>
/// <param name="contestant">Who.</param>
/// <param name="share">The part, above 0 and up to 1.</param>
internal sealed class FewerTasks(IContestant contestant, double share) : IContestant
{
    /// <inheritdoc/>
    public string Name => contestant.Name;

    /// <inheritdoc/>
    public Task WarmUpAsync(int tasks, CancellationToken cancellationToken) => contestant.WarmUpAsync(Of(tasks), cancellationToken);

    /// <inheritdoc/>
    public Task<Sample> RunAsync(int tasks, CancellationToken cancellationToken) => contestant.RunAsync(Of(tasks), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => contestant.DisposeAsync();

    private int Of(int tasks) => Math.Max(1, (int)(tasks * share));
}
