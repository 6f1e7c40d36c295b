using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Store;

/// <summary>What the ledger logs. Event ids 1000 to 1099.</summary>
internal static partial class LedgerLog
{
    [LoggerMessage(1000, LogLevel.Warning, "The ledger is not there yet ({Reason}); trying again in {Seconds} s")]
    public static partial void LedgerNotThere(this ILogger log, string reason, double seconds);

    [LoggerMessage(1001, LogLevel.Information, "The ledger is ready")]
    public static partial void LedgerReady(this ILogger log);

    [LoggerMessage(1002, LogLevel.Warning, "The registered kinds could not be read, the known ones stay: {Reason}")]
    public static partial void KindsNotRead(this ILogger log, string reason);

    [LoggerMessage(1003, LogLevel.Warning, "The ends of tasks that are waited for could not be read, trying again: {Reason}")]
    public static partial void EndsNotRead(this ILogger log, string reason);

    [LoggerMessage(1005, LogLevel.Warning, "The queues' depths could not be counted, the last count stands: {Reason}")]
    public static partial void QueuesNotCounted(this ILogger log, string reason);

    [LoggerMessage(1004, LogLevel.Warning, "The kind {Kind} is left out, its tasks can't be accepted: its input schema can't be used: {Reason}")]
    public static partial void KindLeftOut(this ILogger log, string kind, string reason);
}
