using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Operations;

/// <summary>What operations log. Event ids 1500 to 1599.</summary>
internal static partial class OperationLog
{
    [LoggerMessage(1500, LogLevel.Information, "This process executes operation {Operation}")]
    public static partial void OperationTaken(this ILogger log, Guid operation);

    [LoggerMessage(1501, LogLevel.Information, "Operation {Operation} has ended, or another process goes on with it")]
    public static partial void OperationLeft(this ILogger log, Guid operation);

    [LoggerMessage(1502, LogLevel.Warning, "A step of operation {Operation} failed, trying again: {Reason}")]
    public static partial void OperationStepFailed(this ILogger log, Guid operation, string reason);

    [LoggerMessage(1503, LogLevel.Warning, "Operations could not be read or given up: {Reason}")]
    public static partial void OperationsNotRead(this ILogger log, string reason);
}
