using Messaging.Contracts.Http;

namespace Messaging.Contracts.Handlers;

/// <summary>
/// What a handler throws to say how its attempt ends, other than by returning or by failing as any exception does. A closed family:
/// <see cref="RetryAfterException"/>, <see cref="NonRetryableException"/>, <see cref="SnoozeException"/>, <see cref="CancelTaskException"/>.
/// Each is taken at its word, also after the attempt's timeout and while the worker stops.
/// </summary>
/// <remarks>Code that catches everything lets these pass: <c>catch (Exception e) when (e is not TaskOutcomeException)</c>.</remarks>
public abstract class TaskOutcomeException : Exception
{
    /// <summary>The longest time that a task can be put off: a year (366 days).</summary>
    public static readonly TimeSpan LongestDelay = SubmitTaskRequest.LongestDelay;

    private protected TaskOutcomeException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    private protected static TimeSpan Checked(TimeSpan delay, string parameter) =>
        delay >= TimeSpan.Zero && delay <= LongestDelay
            ? delay
            : throw new ArgumentOutOfRangeException(
                parameter, delay, $"A task can be put off by no less than nothing and no more than {LongestDelay.TotalDays} days.");
}
