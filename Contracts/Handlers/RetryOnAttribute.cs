namespace Messaging.Contracts.Handlers;

/// <summary>
/// A rule on a handler class: how failures by one type of exception, or by a type derived from it, are retried. What a rule leaves
/// out is as the kind says. Of several rules that fit an exception, the one for the most derived type wins; a rule on the handler's
/// own class goes before one on a base class. An attempt that its timeout ended counts as a <see cref="TimeoutException"/>.
/// </summary>
/// <typeparam name="TException">The type of exception. Inner exceptions are not looked at.</typeparam>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class RetryOnAttribute<TException> : RetryRuleAttribute
    where TException : Exception
{
    /// <inheritdoc/>
    public override Type Exception => typeof(TException);

    /// <summary>
    /// After this many attempts in all such a failure is final. Default 0: as the task says. It can only lower the task's own number.
    /// </summary>
    public int MaxAttempts { get; init; }

    /// <summary>The delay before the second attempt, ISO 8601. Default: as the kind says. It doubles with each attempt.</summary>
    public string? FirstRetryDelay { get; init; }

    /// <summary>The doubling ends here, ISO 8601. Default: as the kind says.</summary>
    public string? MaxRetryDelay { get; init; }

    private protected override (int MaxAttempts, string? FirstRetryDelay, string? MaxRetryDelay)? Policy =>
        (MaxAttempts, FirstRetryDelay, MaxRetryDelay);
}
