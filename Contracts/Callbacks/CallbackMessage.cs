using Messaging.Contracts.Http;

namespace Messaging.Contracts.Callbacks;

/// <summary>The body of a callback (Standard Webhooks).</summary>
/// <param name="Type"><c>task.succeeded</c>, <c>task.failed</c>, <c>task.cancelled</c> or <c>task.expired</c>.</param>
/// <param name="Timestamp">When the task ended: the same in every delivery, unlike the header <c>webhook-timestamp</c>.</param>
/// <param name="Data">
/// The task as it was then, as <c>GET /v1/tasks/{id}</c> shows it but without its input. A result that is too large is left out too:
/// <c>links.result</c> has it.
/// </param>
public sealed record CallbackMessage(string Type, DateTimeOffset Timestamp, TaskResponse Data);

/// <summary>The body of a callback of type <c>callback.test</c>.</summary>
/// <param name="Type"><c>callback.test</c>.</param>
/// <param name="Timestamp">When somebody asked for it.</param>
/// <param name="Data">What is tried.</param>
public sealed record CallbackTestMessage(string Type, DateTimeOffset Timestamp, CallbackTestData Data);

/// <summary>What is tried.</summary>
/// <param name="Endpoint">The endpoint's name.</param>
public sealed record CallbackTestData(string Endpoint);
