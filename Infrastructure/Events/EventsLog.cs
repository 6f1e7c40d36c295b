using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Events;

/// <summary>What live events log. Event ids 1800 to 1899.</summary>
internal static partial class EventsLog
{
    [LoggerMessage(1800, LogLevel.Warning, "What tasks did that are listened to could not be read, trying again: {Reason}")]
    public static partial void HistoryNotRead(this ILogger log, string reason);

    [LoggerMessage(1801, LogLevel.Warning, "What has changed could not be read for the wide event streams, trying again: {Reason}")]
    public static partial void ChangesNotSwept(this ILogger log, string reason);

    [LoggerMessage(1802, LogLevel.Warning, "{Dropped} changes came faster than the wide event streams could read them; they are found in the ledger")]
    public static partial void ChangesDropped(this ILogger log, int dropped);
}
