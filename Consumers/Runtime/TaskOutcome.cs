using Messaging.Contracts.Tasks;

namespace Messaging.Consumers.Runtime;

/// <summary>What came of an attempt, before anything is recorded. A closed family: each case is a record below.</summary>
internal abstract record TaskOutcome;

/// <summary>The handler returned.</summary>
/// <param name="Result">Its result, UTF-8 JSON.</param>
internal sealed record Returned(ReadOnlyMemory<byte> Result) : TaskOutcome;

/// <summary>The attempt failed. Whether another follows depends on the failure and on the attempts left.</summary>
internal sealed record AttemptFailed(TaskFailure Failure) : TaskOutcome;

/// <summary>Somebody called the task off while it ran.</summary>
internal sealed record CalledOff : TaskOutcome;

/// <summary>This worker can't or may not run it: the attempt does not count.</summary>
/// <param name="Delay">Zero: queued again at once.</param>
internal sealed record GivenBack(TimeSpan Delay) : TaskOutcome;

/// <summary>The claim belongs to somebody else by now: nothing is to be recorded.</summary>
internal sealed record NotOurs : TaskOutcome;
