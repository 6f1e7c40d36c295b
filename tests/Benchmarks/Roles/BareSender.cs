using System.Diagnostics;
using MassTransit;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>The floor's sender: a bounded number of sends wait for the broker's confirm at any time.</summary>
internal sealed class BareSender : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "bare-sender";

    private readonly IBusControl _bus = BareBus.Create();
    private ISendEndpoint? _endpoint;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _bus.StartAsync(cancellationToken);
        _endpoint = await _bus.GetSendEndpoint(new Uri($"exchange:{BareBus.Queue}"));
    }

    /// <inheritdoc/>
    public async Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
    {
        var left = tasks;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, BareBus.Window).Select(_ => Task.Run(SendAllAsync, cancellationToken)));
        return new RoleReport(began, Stopwatch.GetTimestamp());

        async Task SendAllAsync()
        {
            while (Interlocked.Decrement(ref left) >= 0)
                await _endpoint!.Send(new BareMessage(Payload.Text), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _bus.StopAsync();
}
