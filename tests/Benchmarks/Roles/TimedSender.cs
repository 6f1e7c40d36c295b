using System.Diagnostics;
using System.Globalization;
using MassTransit;
using Messaging.Tests.Benchmarks.Measure;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>Sends through bare MassTransit at an even pace, and watches how long the broker's confirm takes.</summary>
internal sealed class TimedSender : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "timed-sender";

    private readonly double _rate = double.Parse(Environment.GetEnvironmentVariable(LatencyProbe.RateVariable)!, CultureInfo.InvariantCulture);
    private readonly IBusControl _bus = BareBus.Create();
    private ISendEndpoint? _endpoint;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _bus.StartAsync(cancellationToken);
        _endpoint = await _bus.GetSendEndpoint(new Uri($"exchange:{BareBus.Queue}"));
    }

    /// <summary>The report says, as <see cref="LatencyFigures"/>, how long it took until a message was confirmed.</summary>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var sends = new Task<TimeSpan>[tasks];
        await EvenPace.CallAsync(tasks, _rate, (index, _) => sends[index] = SendAsync(cancellationToken));
        return new RoleReport(began, Stopwatch.GetTimestamp(), More: LatencyFigures.ToText(Latency.Of(await Task.WhenAll(sends))));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _bus.StopAsync();

    private async Task<TimeSpan> SendAsync(CancellationToken cancellationToken)
    {
        var sent = Stopwatch.GetTimestamp();
        await _endpoint!.Send(new TimedMessage(sent, Payload.Text), cancellationToken);
        return Stopwatch.GetElapsedTime(sent);
    }
}
