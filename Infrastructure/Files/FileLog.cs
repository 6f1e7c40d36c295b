using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Files;

/// <summary>What files log. Event ids 1750 to 1799.</summary>
internal static partial class FileLog
{
    [LoggerMessage(1750, LogLevel.Warning, "What was stored of file {File}, which will not be complete, could not be deleted; it is tried again later: {Reason}")]
    public static partial void NotForgotten(this ILogger log, Guid file, string reason);

    [LoggerMessage(1751, LogLevel.Information, "Deleted {Deleted} files that nobody needs; found {Abandoned} whose writer died and {OfTasks} whose task is gone")]
    public static partial void FilesDeleted(this ILogger log, int deleted, int abandoned, long ofTasks);

    [LoggerMessage(1752, LogLevel.Warning, "Files that nobody needs any more could not be deleted: {Reason}")]
    public static partial void FilesNotDeleted(this ILogger log, string reason);

    [LoggerMessage(1753, LogLevel.Warning, "File {File}, which nobody needs any more, could not be deleted now; it is tried again later: {Reason}")]
    public static partial void FileNotDeleted(this ILogger log, Guid file, string reason);
}
