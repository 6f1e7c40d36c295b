using Messaging.Contracts.Tasks;

namespace Messaging.Consumers.Runtime;

/// <summary>What came of an attempt, before anything is recorded. A closed family: each case is a record below.</summary>
internal abstract record TaskOutcome;

/// <summary>The handler returned.</summary>
/// <param name="Result">Its result, UTF-8 JSON.</param>
internal sealed record Returned(ReadOnlyMemory<byte> Result) : TaskOutcome;

/// <summary>The attempt failed. Whether another follows depends on the failure and on the attempts left.</summary>
internal sealed record AttemptFailed(TaskFailure Failure) : TaskOutcome
{
    /// <summary>By what type of exception, for the handler's retry rules; null: they do not apply.</summary>
    public Type? Exception { get; init; }

    /// <summary>The next attempt is not to start earlier.</summary>
    public TimeSpan RetryAfter { get; init; }

    /// <summary>True if its timeout ended it.</summary>
    public bool TimedOut { get; init; }
}

/// <summary>The task was called off while it ran.</summary>
/// <param name="Reason">The handler's, if it was the handler; null if it was somebody else.</param>
internal sealed record CalledOff(string? Reason = null) : TaskOutcome;

/// <summary>The handler wants to run later: the attempt does not count.</summary>
internal sealed record Snooze(TimeSpan Delay) : TaskOutcome;

/// <summary>This worker can't or may not run it: the attempt does not count.</summary>
/// <param name="Delay">Zero: queued again at once.</param>
internal sealed record GivenBack(TimeSpan Delay) : TaskOutcome;

/// <summary>The claim belongs to somebody else by now: nothing is to be recorded.</summary>
internal sealed record NotOurs : TaskOutcome;
