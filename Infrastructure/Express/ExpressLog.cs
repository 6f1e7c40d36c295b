using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Express;

/// <summary>What the express way logs. Event ids 1150 to 1159.</summary>
internal static partial class ExpressLog
{
    [LoggerMessage(1150, LogLevel.Debug, "Express copies come")]
    public static partial void ExpressOpen(this ILogger log);

    [LoggerMessage(1151, LogLevel.Debug, "No express copies for now, tasks start a few milliseconds later: {Reason}")]
    public static partial void ExpressAway(this ILogger log, string reason);

    [LoggerMessage(1152, LogLevel.Debug, "Who hears express copies could not be read, none are sent for now: {Reason}")]
    public static partial void RoutesNotRead(this ILogger log, string reason);

    [LoggerMessage(1153, LogLevel.Debug, "An express copy was refused, its task goes by its queue: {Reason}")]
    public static partial void ExpressRefused(this ILogger log, string reason);
}
