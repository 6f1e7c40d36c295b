using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Http;

/// <summary>One run of a task.</summary>
/// <param name="Attempt">Its number, from 1. Runs that did not count (a snooze, a lost worker) share theirs with the next; after a person's retry they start again at 1.</param>
/// <param name="Worker">The worker instance.</param>
/// <param name="StartedAt">When the worker claimed the task.</param>
/// <param name="FinishedAt">When its end was recorded; null while it runs.</param>
/// <param name="Outcome">One of <see cref="AttemptOutcomes"/>.</param>
/// <param name="Failure">Why it did not succeed; left out where the outcome says all.</param>
public sealed record AttemptResponse(
    int Attempt, Guid Worker, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string Outcome, TaskFailure? Failure);
