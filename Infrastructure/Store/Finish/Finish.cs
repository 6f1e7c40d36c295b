using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;

namespace Messaging.Infrastructure.Store.Finish;

/// <summary>What a worker says at the end of an attempt. A closed family: each case is a record below.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Fence">The claim under which the attempt ran.</param>
/// <param name="Attempt">The number of the attempt.</param>
public abstract record Finish(Guid TaskId, Fence Fence, int Attempt);

/// <summary>The task is over: succeeded, failed for good, or cancelled while it ran.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Fence">The claim under which the attempt ran.</param>
/// <param name="Attempt">The number of the attempt.</param>
/// <param name="State">A final state.</param>
/// <param name="Result">The result as UTF-8 JSON; null unless succeeded.</param>
/// <param name="Failure">Why it failed; null if it succeeded.</param>
public sealed record Ended(Guid TaskId, Fence Fence, int Attempt, TaskState State, ReadOnlyMemory<byte>? Result, TaskFailure? Failure)
    : Finish(TaskId, Fence, Attempt)
{
    /// <summary>True if the attempt failed by its timeout; the history says so.</summary>
    public bool TimedOut { get; init; }

    /// <summary>When its claim was made, as the claim's answer said; null if that is not known here, which costs a look-up.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>For a failure: which others have the same cause (<see cref="ErrorFingerprint"/>). Null: the ledger gives one by kind and code.</summary>
    public string? Fingerprint { get; init; }
}

/// <summary>
/// The attempt failed and another one follows. Refused with <see cref="FinishAnswer.CancelRequested"/> if the task was called off
/// meanwhile, and with <see cref="FinishAnswer.PastDeadline"/> if the delay leads beyond its deadline.
/// </summary>
/// <param name="TaskId">The task.</param>
/// <param name="Fence">The claim under which the attempt ran.</param>
/// <param name="Attempt">The number of the attempt.</param>
/// <param name="Delay">How long from now.</param>
/// <param name="Failure">Why the attempt failed.</param>
public sealed record RetryLater(Guid TaskId, Fence Fence, int Attempt, TimeSpan Delay, TaskFailure Failure) : Finish(TaskId, Fence, Attempt)
{
    /// <summary>True if the attempt failed by its timeout; the history says so.</summary>
    public bool TimedOut { get; init; }
}

/// <summary>
/// The handler put the task off: no attempt is spent, the history says "snoozed". Refused with <see cref="FinishAnswer.CancelRequested"/>
/// if the task was called off meanwhile.
/// </summary>
/// <param name="TaskId">The task.</param>
/// <param name="Fence">The claim.</param>
/// <param name="Attempt">The number of the attempt that does not count.</param>
/// <param name="Delay">How long from now.</param>
public sealed record Snoozed(Guid TaskId, Fence Fence, int Attempt, TimeSpan Delay) : Finish(TaskId, Fence, Attempt);

/// <summary>The worker gives a claimed task back unrun or unfinished: no attempt is spent, it is queued again at once or after a delay.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Fence">The claim.</param>
/// <param name="Attempt">The number of the attempt that does not count.</param>
/// <param name="Delay">Zero: queued at once.</param>
public sealed record HandedBack(Guid TaskId, Fence Fence, int Attempt, TimeSpan Delay) : Finish(TaskId, Fence, Attempt);

/// <summary>What became of a <see cref="Finish"/>.</summary>
public enum FinishAnswer
{
    /// <summary>It is recorded (also: it already was, under the same fence).</summary>
    Recorded,

    /// <summary>The claim is no longer this worker's: nothing was recorded. Whatever must happen next is already arranged.</summary>
    ClaimLost,

    /// <summary>A retry, snooze or hand-back of a task that was called off meanwhile: finish it as cancelled instead.</summary>
    CancelRequested,

    /// <summary>A retry that would come after the task's deadline: finish it as failed instead.</summary>
    PastDeadline,
}
