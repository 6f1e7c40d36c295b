namespace Messaging.Tests.Benchmarks;

/// <summary>A run did not do what it should have: its number would be worthless. The message says what was wrong.</summary>
internal sealed class BenchFailedException(string message, Exception? inner = null) : Exception(message, inner);
