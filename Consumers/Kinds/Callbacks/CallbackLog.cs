namespace Messaging.Consumers.Kinds.Callbacks;

/// <summary>What callbacks log. Event ids 1900 to 1949. Never an address, which may hold a secret of its receiver.</summary>
internal static partial class CallbackLog
{
    [LoggerMessage(1900, LogLevel.Warning, "The callback endpoint {Endpoint} answered 410 and is disabled: it wants no more")]
    public static partial void EndpointGone(this ILogger log, string endpoint);
}
