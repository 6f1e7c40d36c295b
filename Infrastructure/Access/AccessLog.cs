using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Access;

/// <summary>What the keys log. Event ids 1700 to 1749. Never a key, nor what somebody sent as one.</summary>
internal static partial class AccessLog
{
    [LoggerMessage(1700, LogLevel.Warning, "The API keys could not be read: {Reason}")]
    public static partial void KeysNotRead(this ILogger log, string reason);

    [LoggerMessage(1701, LogLevel.Warning, "The last use of API keys could not be noted, trying again: {Reason}")]
    public static partial void UseNotNoted(this ILogger log, string reason);

    [LoggerMessage(1702, LogLevel.Information, "The ledger has API keys: from now on requests need one")]
    public static partial void KeysNeeded(this ILogger log);
}
