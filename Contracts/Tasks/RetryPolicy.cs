namespace Messaging.Contracts.Tasks;

/// <summary>
/// When a failed attempt is followed by another. The delay before attempt n + 1 is at least <c>min(MaxDelay, FirstDelay × 2^(n-1))</c>
/// and at most <see cref="Jitter"/> more, drawn evenly: never earlier than asked, and tasks that failed together do not come back
/// together.
/// </summary>
/// <param name="MaxAttempts">Attempts in all, the first included; 1 means never again. At least 1, at most <see cref="MostAttempts"/>.</param>
/// <param name="FirstDelay">The delay before the second attempt, without its jitter.</param>
/// <param name="MaxDelay">Where the doubling ends, without the jitter.</param>
public sealed record RetryPolicy(int MaxAttempts, TimeSpan FirstDelay, TimeSpan MaxDelay)
{
    /// <summary>What a kind gets that does not say otherwise: 5 attempts.</summary>
    public const int DefaultMaxAttempts = 5;

    /// <summary>The upper bound of <see cref="MaxAttempts"/>.</summary>
    public const int MostAttempts = 100;

    /// <summary>The most that chance adds to a delay, as a part of it: half.</summary>
    public const double Jitter = 0.5;

    /// <summary>What a kind gets that does not say otherwise: 1 second.</summary>
    public static readonly TimeSpan DefaultFirstDelay = TimeSpan.FromSeconds(1);

    /// <summary>What a kind gets that does not say otherwise: 5 minutes.</summary>
    public static readonly TimeSpan DefaultMaxDelay = TimeSpan.FromMinutes(5);

    /// <summary>5 attempts, 1 second doubling up to 5 minutes.</summary>
    public static RetryPolicy Default { get; } = new(DefaultMaxAttempts, DefaultFirstDelay, DefaultMaxDelay);

    /// <summary>The delay before the attempt that follows <paramref name="attempt"/>.</summary>
    /// <param name="attempt">The number of the attempt that just failed, from 1.</param>
    /// <param name="random">Where the jitter comes from.</param>
    public TimeSpan DelayAfter(int attempt, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
        var doubled = FirstDelay.TotalMilliseconds * Math.Pow(2, attempt - 1);
        var asked = doubled < MaxDelay.TotalMilliseconds ? TimeSpan.FromMilliseconds(doubled) : MaxDelay;
        return asked + (asked * (random.NextDouble() * Jitter));
    }
}
