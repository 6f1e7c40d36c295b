using Microsoft.Extensions.Logging;

namespace Messaging.Contracts.Client.Http;

/// <summary>What the client logs. Event ids 4000 to 4099.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(4000, LogLevel.Warning, "{Producer} did not do what it was asked: {Trouble}; again in {Seconds:0.###} s, after try {Tries}")]
    public static partial void Retrying(this ILogger log, Uri producer, string trouble, double seconds, int tries);

    [LoggerMessage(4001, LogLevel.Debug, "The event stream of {Task} ended before the task; reconnecting in {Seconds:0.###} s")]
    public static partial void Reconnecting(this ILogger log, Guid task, double seconds);
}
