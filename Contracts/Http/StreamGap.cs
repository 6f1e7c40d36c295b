namespace Messaging.Contracts.Http;

/// <summary>
/// The data of the event <c>stream.gap</c>, which a wide event stream begins with when its reader was away for longer than can be caught up:
/// look at what matters with <c>GET /v1/tasks</c>.
/// </summary>
/// <param name="Until">Events before this moment may be missing.</param>
public sealed record StreamGap(DateTimeOffset Until);
