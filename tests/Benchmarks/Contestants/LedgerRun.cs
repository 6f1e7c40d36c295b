using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>A <see cref="LedgerSystem"/> under one condition. The system is its owner's: several contestants may share it.</summary>
/// <param name="name">What the tables call it.</param>
/// <param name="system">What works.</param>
internal sealed class LedgerRun(string name, LedgerSystem system) : IContestant
{
    private readonly List<TimeSpan> _waits = [];

    /// <inheritdoc/>
    public string Name => name;

    /// <summary>What is made sure of before each run that counts.</summary>
    public Func<CancellationToken, Task> Before { get; init; } = _ => Task.CompletedTask;

    /// <summary>What else happens during each run that counts.</summary>
    public Func<CancellationToken, Task>? Meanwhile { get; init; }

    /// <summary>What is done after each run that counts.</summary>
    public Func<CancellationToken, Task> After { get; init; } = _ => Task.CompletedTask;

    /// <summary>How long the slowest submit of each run waited for its commit, in ms.</summary>
    public Spread LongestWaits => Spread.Of(_waits.Select(wait => wait.TotalMilliseconds));

    /// <inheritdoc/>
    public Task WarmUpAsync(int tasks, CancellationToken cancellationToken) => system.WarmUpAsync(tasks, cancellationToken);

    /// <inheritdoc/>
    public async Task<Sample> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        await Before(cancellationToken);
        var (sample, wait) = await system.RunAsync(tasks, Meanwhile, cancellationToken);
        _waits.Add(wait);
        await After(cancellationToken);
        return sample;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
