using Messaging.Contracts.Json;
using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Handlers;

/// <summary>What <see cref="RetryOnAttribute{TException}"/> and <see cref="NoRetryOnAttribute{TException}"/> have in common.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public abstract class RetryRuleAttribute : Attribute
{
    private protected RetryRuleAttribute()
    {
    }

    /// <summary>The type of exception that the rule is for.</summary>
    public abstract Type Exception { get; }

    /// <summary>The rule's own values; null: never again.</summary>
    private protected abstract (int MaxAttempts, string? FirstRetryDelay, string? MaxRetryDelay)? Policy { get; }

    /// <summary>The policy that the rule makes of a kind's; null: such a failure is never retried.</summary>
    /// <param name="kind">What holds where the rule says nothing.</param>
    /// <exception cref="ArgumentException">A value of the rule is out of its bounds.</exception>
    public RetryPolicy? Over(RetryPolicy kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        if (Policy is not var (maxAttempts, first, longest))
            return null;
        if (maxAttempts is < 0 or > RetryPolicy.MostAttempts)
            throw new ArgumentException($"{Name}: MaxAttempts {maxAttempts} is not from 1 to {RetryPolicy.MostAttempts}.", nameof(kind));
        return new RetryPolicy(
            maxAttempts == 0 ? kind.MaxAttempts : maxAttempts,
            Duration("FirstRetryDelay", first) ?? kind.FirstDelay,
            Duration("MaxRetryDelay", longest) ?? kind.MaxDelay);
    }

    private string Name => $"The retry rule for {Exception}";

    private TimeSpan? Duration(string member, string? text) =>
        text is null ? null
        : Iso8601Duration.TryParse(text, out var value) && value > TimeSpan.Zero && value <= TaskOutcomeException.LongestDelay ? value
        : throw new ArgumentException($"{Name}: {member} '{text}' is not an ISO 8601 duration such as PT30S, positive and at most a year.", nameof(text));
}
