namespace Messaging.Producer.Http;

/// <summary>What the HTTP service logs. Event ids 3000 to 3099.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(3000, LogLevel.Error, "{Method} {Path} failed for a reason that was not foreseen")]
    public static partial void Unforeseen(this ILogger log, Exception exception, string method, string path);

    [LoggerMessage(3001, LogLevel.Warning, "{Method} {Path} found the ledger away: {Reason}")]
    public static partial void LedgerAway(this ILogger log, string method, string path, string reason);

    [LoggerMessage(3002, LogLevel.Information, "A batch ended after {Tasks} tasks because its client went away: {Reason}")]
    public static partial void BatchBroken(this ILogger log, int tasks, string reason);

    [LoggerMessage(3004, LogLevel.Critical, "A part of this process failed, so it ends")]
    public static partial void PartFailed(this ILogger log, Exception exception);

    [LoggerMessage(3003, LogLevel.Error, "A task that had passed every check could not be stored")]
    public static partial void NotStored(this ILogger log, Exception exception);

    [LoggerMessage(3005, LogLevel.Information, "{Path} was cut off: its client had not read for {Seconds} s")]
    public static partial void ReaderTooSlow(this ILogger log, string path, double seconds);
}
