namespace Messaging.Contracts.Http;

/// <summary>One line of the answer to <c>POST /v1/tasks/batch</c>; lines come in the order of the tasks.</summary>
/// <param name="Index">The task's place in the request, from 0; blank lines do not count.</param>
/// <param name="Status">202, or what <c>POST /v1/tasks</c> would have answered.</param>
/// <param name="Id">The accepted task, or the one that its idempotency key has made before.</param>
/// <param name="Problem">Why it was not accepted.</param>
/// <param name="Replayed">True if its idempotency key had made the task before; otherwise left out.</param>
public sealed record BatchAnswer(int Index, int Status, Guid? Id, Problem? Problem, bool? Replayed = null);
