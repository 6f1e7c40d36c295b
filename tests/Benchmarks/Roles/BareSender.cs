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
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken)
        => SendWindow.RunAsync(tasks, BareBus.Window, () => _endpoint!.Send(new BareMessage(Payload.Text), cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _bus.StopAsync();
}
