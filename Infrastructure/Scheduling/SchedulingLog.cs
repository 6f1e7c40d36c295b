using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Scheduling;

/// <summary>What scheduling logs. Event ids 1200 to 1299.</summary>
internal static partial class SchedulingLog
{
    [LoggerMessage(1200, LogLevel.Warning, "Due tasks could not be queued, trying again: {Reason}")]
    public static partial void NotPromoted(this ILogger log, string reason);

    [LoggerMessage(1201, LogLevel.Warning, "Tasks past their deadline could not be ended, trying again: {Reason}")]
    public static partial void NotExpired(this ILogger log, string reason);
}
