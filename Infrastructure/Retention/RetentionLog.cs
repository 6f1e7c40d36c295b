using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Retention;

/// <summary>What retention logs. Event ids 1650 to 1699.</summary>
internal static partial class RetentionLog
{
    [LoggerMessage(1650, LogLevel.Information, "The tasks of {Day} were dropped; {Kept} of them are kept because they are open, dead letters or ended lately")]
    public static partial void DayRetired(this ILogger log, DateOnly day, long kept);

    [LoggerMessage(1651, LogLevel.Warning, "The tasks of {Day} could not be dropped, trying again in {Seconds:0} s: somebody has been reading the tables for a long time ({Reason})")]
    public static partial void DayNotRetired(this ILogger log, DateOnly day, double seconds, string reason);

    [LoggerMessage(1652, LogLevel.Warning, "Old tasks could not be looked for: {Reason}")]
    public static partial void NotLooked(this ILogger log, string reason);

    [LoggerMessage(1653, LogLevel.Debug, "{Keys} expired idempotency keys were removed")]
    public static partial void KeysRemoved(this ILogger log, long keys);

    [LoggerMessage(1654, LogLevel.Warning, "Expired idempotency keys could not be removed, trying again later: {Reason}")]
    public static partial void KeysNotRemoved(this ILogger log, string reason);
}
