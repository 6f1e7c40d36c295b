namespace Messaging.Contracts.Http;

/// <summary>What <c>/health/ready</c> says.</summary>
/// <param name="Status"><c>ready</c>; <c>degraded</c>: tasks are accepted, but something else is away; <c>unavailable</c>: no tasks are accepted.</param>
/// <param name="Parts">Each part by name.</param>
public sealed record HealthResponse(string Status, IReadOnlyDictionary<string, HealthPart> Parts);

/// <summary>One part of <see cref="HealthResponse"/>.</summary>
/// <param name="Status"><c>ok</c>, <c>degraded</c> or <c>away</c>.</param>
/// <param name="Detail">More, for people.</param>
public sealed record HealthPart(string Status, string? Detail);
