using MassTransit;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>The floor's receiver: counts messages and does nothing else with them.</summary>
internal sealed class BareReceiver : IRole, IConsumer<BareMessage>
{
    /// <summary>The role's name.</summary>
    public const string Name = "bare-receiver";

    private readonly IBusControl _bus;
    private readonly Arrivals _arrivals = new();

    /// <summary>Declares the queue and takes from it once started.</summary>
    public BareReceiver() => _bus = BareBus.Create(bus => bus.ReceiveEndpoint(BareBus.Queue, endpoint =>
    {
        endpoint.SetQuorumQueue();
        endpoint.PrefetchCount = BareBus.Window;
        endpoint.Instance(this);
    }));

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _bus.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken) => _arrivals.AwaitAsync(tasks, cancellationToken);

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<BareMessage> context)
    {
        _arrivals.Add();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _bus.StopAsync();
}
