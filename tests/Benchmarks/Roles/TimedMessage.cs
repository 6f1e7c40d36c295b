namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>What the floor of the latencies sends.</summary>
/// <param name="Sent">When, by the clock that all processes of a machine share (<see cref="System.Diagnostics.Stopwatch"/>).</param>
/// <param name="Message">About 200 bytes.</param>
public sealed record TimedMessage(long Sent, string Message);
