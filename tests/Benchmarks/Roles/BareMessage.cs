namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>What the floor sends: the same text that <c>debug.echo</c> is given.</summary>
/// <param name="Message">About 200 bytes.</param>
public sealed record BareMessage(string Message);
