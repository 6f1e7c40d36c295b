namespace Messaging.Consumers.Runtime;

/// <summary>Decides whether and when a failed attempt is followed by another: by the task's attempts, the kind's policy and the handler's rules.</summary>
internal static class RetryDecider
{
    /// <summary>The delay before the next attempt; null if the failure is final. Never less than the policy or the failure asks for.</summary>
    public static TimeSpan? DelayOf(TaskExecution execution, AttemptFailed failed, Random random)
    {
        if (!failed.Failure.Retryable || execution.Handler!.Retries.For(failed.Exception) is not { } policy)
            return null;
        var attempt = execution.Claim.Attempt;
        if (attempt >= Math.Min(execution.Copy.MaxAttempts, policy.MaxAttempts))
            return null;
        var delay = policy.DelayAfter(attempt, random);
        return delay > failed.RetryAfter ? delay : failed.RetryAfter;
    }

    /// <summary>True if a rule of the handler says that such a failure is never retried.</summary>
    public static bool IsRuledOut(TaskExecution execution, AttemptFailed failed) => execution.Handler!.Retries.For(failed.Exception) is null;
}
