using MassTransit;
using Messaging.Contracts.Messages;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// The bus that receives: one endpoint for each task queue and one for dead tasks. Starts in the background and reconnects by itself.
/// Stopping it stops the taking at once: what is not acknowledged goes back to the queue, and a copy of what is claimed is dropped by
/// whoever gets it.
/// </summary>
public sealed class TaskEndpoints : IHostedService, IAsyncDisposable
{
    private readonly ITaskReceiver _receiver;
    private readonly DeadTasks _dead;
    private readonly Rejections _rejections;
    private readonly ReceivingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<TaskEndpoints> _log;
    private readonly BusKeeper _keeper;
    private readonly EndpointStatus[] _statuses;
    private readonly EndpointWatch _watch;

    internal TaskEndpoints(
        RabbitMqAddress address,
        ReceivingOptions options,
        ITaskReceiver receiver,
        DeadTasks dead,
        Rejections rejections,
        BrokerMeter meter,
        Action<string> giveUp,
        ILoggerFactory loggers,
        TimeProvider time)
    {
        _receiver = receiver;
        _dead = dead;
        _rejections = rejections;
        _options = options;
        _time = time;
        _log = loggers.CreateLogger<TaskEndpoints>();
        _statuses =
        [
            .. options.Queues.Select(QueueNames.OfTasks).Select(name => new EndpointStatus(name, options.Prefetch, time)),
            new EndpointStatus(QueueNames.Dead, DeadTasks.Prefetch, time),
        ];
        var probe = new BrokerProbe(address);
        _keeper = new BusKeeper("receiving", () => BusFactory.Create(address, "messaging-receive", Configure), probe.ReachAsync, loggers, time);
        _watch = new EndpointWatch(
            _keeper, _statuses, () => receiver.HasRoom, options.Silence, probe, meter, giveUp, loggers.CreateLogger<EndpointWatch>(), time);
    }

    /// <summary>The queues, by their names on the broker, that have no consumer of this process at the moment. Empty: all is well.</summary>
    public IReadOnlyList<string> Missing => [.. _statuses.Where(s => !s.Consuming).Select(s => s.Name)];

    /// <summary>The queues, by their names on the broker, whose messages wait although this process has room, and nothing comes. Empty: all is well.</summary>
    public IReadOnlyList<string> Stalled => _watch.Stalled;

    /// <summary>Begins to listen; returns at once.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _keeper.Start();
        _watch.Start();
        return Task.CompletedTask;
    }

    /// <summary>Stops listening. Safe to call more than once.</summary>
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        await _keeper.DisposeAsync();
    }

    private void Configure(IRabbitMqBusFactoryConfigurator bus)
    {
        for (var i = 0; i < _options.Queues.Count; i++)
        {
            var queue = _options.Queues[i];
            AddEndpoint(bus, _statuses[i], _options.Prefetch, (message, ended) => _receiver.ReceiveAsync(queue, message, ended));
        }

        AddEndpoint(bus, _statuses[^1], DeadTasks.Prefetch, _dead.RequeueAsync);
    }

    private void AddEndpoint(
        IRabbitMqBusFactoryConfigurator bus, EndpointStatus status, int prefetch, Func<RunTasks, CancellationToken, Task> handle) =>
        bus.ReceiveEndpoint(status.Name, endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            foreach (var (key, value) in QueueTopology.ArgumentsOf(status.Name))
                endpoint.SetQueueArgument(key, value);
            endpoint.PrefetchCount = prefetch;
            endpoint.ConcurrentMessageLimit = 1; // the loop that hands deliveries on, see DeliverySession
            endpoint.ConfigureChannel(channel => channel.UseFilter(new SessionFilter(status)));
            endpoint.ConfigureReceive(receive => receive.UseFilter(new DeliveryFilter(status, handle, _rejections, _time, _log)));
        });
}
