namespace Messaging.Contracts.Handlers;

/// <summary>
/// A handler throws it when what it needs is not there yet: the task comes back after a time. That is no failure and not an attempt:
/// the next run has the same number. The history shows it as <c>snoozed</c>.
/// </summary>
/// <remarks>
/// A task may snooze for ever; its deadline ends that. It comes back by the ledger's scheduler, so a snooze of nothing still
/// lets up to half a second pass.
/// </remarks>
public sealed class SnoozeException : TaskOutcomeException
{
    /// <summary>Puts the task off.</summary>
    /// <param name="delay">How long from now.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative or longer than <see cref="TaskOutcomeException.LongestDelay"/>.</exception>
    public SnoozeException(TimeSpan delay)
        : base("The task snoozes.") => Delay = Checked(delay, nameof(delay));

    /// <summary>How long from now.</summary>
    public TimeSpan Delay { get; }
}
