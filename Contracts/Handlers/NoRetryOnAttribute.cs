namespace Messaging.Contracts.Handlers;

/// <summary>
/// A rule on a handler class: a failure by one type of exception, or by a type derived from it, ends the task at once. See
/// <see cref="RetryOnAttribute{TException}"/> for which of several rules wins.
/// </summary>
/// <typeparam name="TException">The type of exception. Inner exceptions are not looked at.</typeparam>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class NoRetryOnAttribute<TException> : RetryRuleAttribute
    where TException : Exception
{
    /// <inheritdoc/>
    public override Type Exception => typeof(TException);

    private protected override (int MaxAttempts, string? FirstRetryDelay, string? MaxRetryDelay)? Policy => null;
}
