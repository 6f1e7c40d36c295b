using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Handlers;

/// <summary>
/// A handler throws it when it knows how long another attempt is useless: a service answered 429 or 503 with <c>Retry-After</c>. The
/// attempt has failed and counts; the next one starts after that time or after the delay of the retry policy, whichever is later.
/// After the last attempt the task fails as it does with any exception. Rules by exception type do not apply to it.
/// </summary>
public sealed class RetryAfterException : TaskOutcomeException
{
    /// <summary>A failure that nothing mends before a time.</summary>
    /// <param name="retryAfter">The next attempt does not start earlier than this from now; zero leaves it to the retry policy.</param>
    /// <param name="message">One sentence for people; becomes <see cref="TaskFailure.Message"/>.</param>
    /// <param name="code">A short stable word for programs; becomes <see cref="TaskFailure.Code"/>.</param>
    /// <param name="innerException">What caused it.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retryAfter"/> is negative or longer than <see cref="TaskOutcomeException.LongestDelay"/>.</exception>
    public RetryAfterException(TimeSpan retryAfter, string message, string code = FailureCodes.HandlerError, Exception? innerException = null)
        : base(message, innerException) => (RetryAfter, Code) = (Checked(retryAfter, nameof(retryAfter)), code);

    /// <summary>The next attempt does not start earlier than this from now. Kept in the failure's details as <c>retryAfter</c>, ISO 8601.</summary>
    public TimeSpan RetryAfter { get; }

    /// <summary>A short stable word for programs.</summary>
    public string Code { get; }
}
