namespace Messaging.Consumers.Kinds.Callbacks;

/// <summary>The codes of callbacks that failed.</summary>
internal static class CallbackFailures
{
    /// <summary>The receiver did not answer, or not with 2xx.</summary>
    public const string NotTaken = "callback-not-taken";

    /// <summary>The receiver answered 410.</summary>
    public const string Gone = "callback-gone";

    /// <summary>The endpoint is disabled.</summary>
    public const string EndpointDisabled = "callback-endpoint-disabled";

    /// <summary>The endpoint was deleted, or never was.</summary>
    public const string UnknownEndpoint = "unknown-callback-endpoint";

    /// <summary>Its address is one that no callback goes to: another scheme, half an address, a link-local one.</summary>
    public const string BadAddress = "callback-bad-address";

    /// <summary>The task that it is about was removed before it could be told of.</summary>
    public const string Removed = "task-removed";
}
