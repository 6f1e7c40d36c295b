using Messaging.Tests.Benchmarks.Roles;
using Messaging.Tests.Benchmarks.Servers;

namespace Messaging.Tests.Benchmarks.Contestants;

/// <summary>The usual floor: MassTransit alone.</summary>
internal static class BareMassTransit
{
    /// <summary>What the tables call it.</summary>
    public const string Name = "bare MassTransit";

    /// <summary>Starts its two processes.</summary>
    /// <param name="servers">Whose broker to use.</param>
    /// <param name="raw">Plain JSON bodies instead of MassTransit's envelope.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static Task<SendAndReceive> StartAsync(BenchServers servers, bool raw, CancellationToken cancellationToken) => SendAndReceive.StartAsync(
        raw ? $"{Name}, raw JSON" : Name,
        servers,
        new FloorShape(raw ? "bare-raw" : "bare", BareSender.Name, BareReceiver.Name, Envelope: !raw),
        cancellationToken);

    /// <summary>The same with messages of another size.</summary>
    /// <param name="name">What the tables call it.</param>
    /// <param name="servers">Whose broker to use.</param>
    /// <param name="payloadBytes">The size of what it sends, as JSON.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static Task<SendAndReceive> StartAsync(string name, BenchServers servers, int payloadBytes, CancellationToken cancellationToken) => SendAndReceive.StartAsync(
        name, servers, new FloorShape($"bare-{payloadBytes}", BareSender.Name, BareReceiver.Name, PayloadBytes: payloadBytes), cancellationToken);
}
