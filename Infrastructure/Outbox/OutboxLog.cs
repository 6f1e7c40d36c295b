using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Outbox;

/// <summary>What the relay and the sweeper log. Event ids 1400 to 1499.</summary>
internal static partial class OutboxLog
{
    [LoggerMessage(1400, LogLevel.Debug, "The relay sends no more")]
    public static partial void RelayStopped(this ILogger log);

    [LoggerMessage(1401, LogLevel.Warning, "A send to queue {Queue} failed ({Failures} in a row); its tasks are kept and sent again: {Reason}")]
    public static partial void SendFailed(this ILogger log, string queue, int failures, string reason);

    [LoggerMessage(1402, LogLevel.Information, "Sends to queue {Queue} get through again, after {Failures} failures")]
    public static partial void SendsRecovered(this ILogger log, string queue, int failures);

    [LoggerMessage(1403, LogLevel.Warning, "The outbox row {Id} is published but could not be deleted: {Reason}")]
    public static partial void NotSettled(this ILogger log, Guid id, string reason);

    [LoggerMessage(1404, LogLevel.Warning, "The relay stops with {Tasks} tasks unpublished or unsettled; they stay in the outbox for other processes")]
    public static partial void StoppingEarly(this ILogger log, int tasks);

    [LoggerMessage(1405, LogLevel.Information, "{Rows} outbox rows were given up for other processes to take")]
    public static partial void Disowned(this ILogger log, int rows);

    [LoggerMessage(1406, LogLevel.Warning, "{Rows} outbox rows could not be given up; they are taken when this process is found dead: {Reason}")]
    public static partial void NotDisowned(this ILogger log, int rows, string reason);

    [LoggerMessage(1410, LogLevel.Warning, "The outbox could not be swept, trying again: {Reason}")]
    public static partial void NotSwept(this ILogger log, string reason);

    [LoggerMessage(1411, LogLevel.Warning, "{Rows} outbox rows belonged to processes that no longer exist; they are anybody's now")]
    public static partial void OrphansFound(this ILogger log, int rows);

    [LoggerMessage(1412, LogLevel.Warning, "{Rows} outbox rows stood in this process's name, but not in its memory; they are anybody's now")]
    public static partial void StraysFound(this ILogger log, int rows);
}
