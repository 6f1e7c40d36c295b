namespace Messaging.Tests.Support.Servers;

/// <summary>A server or process could not be started. The message is one sentence for a person, with what to do.</summary>
public sealed class ServerStartException(string message, Exception? inner = null) : Exception(message, inner);
