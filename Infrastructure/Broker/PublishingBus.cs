using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// The bus that sends, with a connection of its own: a broker in trouble stops reading connections that publish, and a consumer's
/// acknowledgements must not be stuck behind them. Starts in the background, reconnects by itself, and is replaced when the broker
/// takes messages and yet none of this bus's is confirmed.
/// </summary>
internal sealed class PublishingBus : IHostedService, IAsyncDisposable
{
    // RabbitMQ.Client 7.1.2 may drop what is sent while its connection breaks, and a bus can hang for good after a broker's restart.
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    private readonly QueueDeclarations _declarations;
    private readonly BrokerProbe _probe;
    private readonly BusKeeper _keeper;
    private readonly SendsUnderWay _underWay;
    private readonly BrokerMeter _meter;
    private readonly TimeProvider _time;
    private readonly ILogger<PublishingBus> _log;
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;
    private TimeSpan _patience = FirstPatience;
    private volatile bool _blocked;

    public PublishingBus(RabbitMqAddress address, BrokerMeter meter, ILoggerFactory loggers, TimeProvider time)
    {
        _meter = meter;
        _time = time;
        _log = loggers.CreateLogger<PublishingBus>();
        _underWay = new SendsUnderWay(time);
        _declarations = new QueueDeclarations(address);
        _probe = new BrokerProbe(address);
        _keeper = new BusKeeper("publishing", () => Build(address), _probe.ReachAsync, loggers, time);
    }

    /// <summary>True if the bus has started and its connection is up, as far as it knows.</summary>
    public bool Connected => _keeper.Running?.CheckHealth().Status == BusHealthStatus.Healthy;

    /// <summary>True while the broker is there and takes no messages: a memory or disk alarm.</summary>
    public bool Blocked => _blocked;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _keeper.Start();
        _watching = Task.Run(WatchAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Nothing yet: whoever still has something to send stops after this. The bus ends with the container.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends to the exchange of a queue and returns when the broker has confirmed the message, and that it was routed.</summary>
    /// <exception cref="Exception">Anything else. The queue is declared anew before the next send to it.</exception>
    public async Task SendAsync(Destination destination, OutgoingMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await _declarations.EnsureAsync(destination.Name, cancellationToken);
            var bus = await _keeper.StartedAsync(cancellationToken);
            await SendAsync(bus, destination, message, cancellationToken);
        }
        catch
        {
            _declarations.Forget(destination.Name);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        await _keeper.DisposeAsync();
    }

    private async Task SendAsync(IBusControl bus, Destination destination, OutgoingMessage message, CancellationToken cancellationToken)
    {
        var answered = true;
        _underWay.Begin(message);
        try
        {
            await message.SendAsync(await bus.GetSendEndpoint(destination.Address).WaitAsync(cancellationToken));
            _patience = FirstPatience;
            _blocked = false;
        }
        catch (OperationCanceledException)
        {
            answered = false;
            throw;
        }
        finally
        {
            _underWay.End(message, answered);
        }
    }

    private static IBusControl Build(RabbitMqAddress address)
    {
        var bus = BusFactory.Create(address, "messaging-publish");
        bus.ConnectSendObserver(new OutgoingMessage.FailureObserver());
        return bus;
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(WatchInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (_underWay.Silence >= _patience && _keeper.Running is { } bus)
                    await ReplaceIfStuckAsync(bus);
            }
        }
        catch (OperationCanceledException)
        {
            _log.WatchStopped();
        }
    }

    private async Task ReplaceIfStuckAsync(IBusControl bus)
    {
        try
        {
            // Another bus could not send either while the broker reads nothing.
            _blocked = !await _probe.TakesMessagesAsync(_stop.Token);
            if (_blocked || _underWay.Silence < _patience)
                return;
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            _log.BrokerAway(e.Message);
            return;
        }

        var reason = FormattableString.Invariant($"nothing that it sent was confirmed for {_underWay.Silence.TotalSeconds:0} s although the broker takes messages");
        _patience = _patience * 2 < LongestPatience ? _patience * 2 : LongestPatience;
        _meter.Repaired("publishing", RepairStep.Bus);
        _keeper.Replace(bus, reason);
        _underWay.FailAll(new TimeoutException($"The bus was replaced: {reason}."));
    }
}
