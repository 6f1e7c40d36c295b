using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Http;

/// <summary>One run of a task.</summary>
/// <param name="Attempt">Its number, from 1. Runs that did not count (a lost worker, a hand-back) share theirs with the next.</param>
/// <param name="Worker">The worker instance.</param>
/// <param name="StartedAt">When the worker claimed the task.</param>
/// <param name="FinishedAt">When its end was recorded; null while it runs.</param>
/// <param name="Outcome"><c>running</c>, <c>succeeded</c>, <c>failed</c>, <c>timed-out</c>, <c>cancelled</c>, <c>handed-back</c> or <c>worker-lost</c>.</param>
/// <param name="Failure">Why it failed.</param>
public sealed record AttemptResponse(
    int Attempt, Guid Worker, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string Outcome, TaskFailure? Failure);
