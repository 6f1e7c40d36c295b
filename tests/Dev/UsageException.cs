namespace Messaging.Tests.Dev;

/// <summary>The command line cannot be understood; the message says what would be right.</summary>
public sealed class UsageException(string message) : Exception(message);
