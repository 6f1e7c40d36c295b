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
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(1);

    private readonly ITaskReceiver _receiver;
    private readonly DeadTasks _dead;
    private readonly Rejections _rejections;
    private readonly ReceivingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<TaskEndpoints> _log;
    private readonly QueueDeclarations _declarations;
    private readonly BusKeeper _keeper;
    private readonly EndpointStatus[] _statuses;
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    internal TaskEndpoints(
        RabbitMqAddress address,
        ReceivingOptions options,
        ITaskReceiver receiver,
        DeadTasks dead,
        Rejections rejections,
        ILoggerFactory loggers,
        TimeProvider time)
    {
        _receiver = receiver;
        _dead = dead;
        _rejections = rejections;
        _options = options;
        _time = time;
        _log = loggers.CreateLogger<TaskEndpoints>();
        _statuses = [.. options.Queues.Select(QueueNames.OfTasks).Append(QueueNames.Dead).Select(name => new EndpointStatus(name))];
        _declarations = new QueueDeclarations(address);
        _keeper = new BusKeeper(
            "receiving", () => BusFactory.Create(address, "messaging-receive", Configure), _declarations.ReachAsync, loggers, time);
    }

    /// <summary>The queues, by their names on the broker, that have no consumer of this process at the moment. Empty: all is well.</summary>
    public IReadOnlyList<string> Missing => [.. _statuses.Where(s => !s.Consuming).Select(s => s.Name)];

    /// <summary>Begins to listen; returns at once.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _keeper.Start();
        _watching = Task.Run(WatchAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Stops listening. Safe to call more than once.</summary>
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
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
            endpoint.ConfigureReceive(receive => receive.UseFilter(new DeliveryFilter(status.Name, handle, _rejections, _time, _log)));
        });

    /// <summary>An endpoint can stay dead after a cut or a broker's restart: when the broker answers and a consumer is missing, the bus is replaced.</summary>
    private async Task WatchAsync()
    {
        var patience = FirstPatience;
        var wellAt = _time.GetTimestamp();
        using var timer = new PeriodicTimer(WatchInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                var missing = Missing;
                if (missing.Count == 0)
                    (wellAt, patience) = (_time.GetTimestamp(), FirstPatience);
                if (_time.GetElapsedTime(wellAt) < patience || _keeper.Running is not { } bus || !await CanReachAsync())
                    continue;
                _keeper.Replace(bus, $"{string.Join(", ", missing)} had no consumer for {patience.TotalSeconds:0} s although the broker answers");
                wellAt = _time.GetTimestamp();
                patience = patience * 2 < LongestPatience ? patience * 2 : LongestPatience;
            }
        }
        catch (OperationCanceledException)
        {
            _log.WatchStopped();
        }
    }

    private async Task<bool> CanReachAsync()
    {
        try
        {
            await _declarations.ReachAsync(_stop.Token);
            return true;
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            _log.BrokerAway(e.Message);
            return false;
        }
    }
}
