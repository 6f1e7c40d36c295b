namespace Messaging.Contracts.Http;

/// <summary>Tasks that were asked for by their ids.</summary>
/// <param name="Items">Those that were found, without inputs and results, in the order of the question.</param>
/// <param name="Missing">The ids of which there is no task, in the same order; they never were one, or were removed.</param>
public sealed record TasksByIdResponse(IReadOnlyList<TaskResponse> Items, IReadOnlyList<Guid> Missing);
