using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// The bus that sends, with a connection of its own: a broker in trouble stops reading connections that publish, and a consumer's
/// acknowledgements must not be stuck behind them. Starts in the background, reconnects by itself.
/// </summary>
internal sealed class PublishingBus : IHostedService, IAsyncDisposable
{
    // A bus can hang for good after a restart of the broker. Three sends in a row, over a deadline's time, found no answer:
    private const int SuspiciousTimeouts = 3;

    private static readonly TimeSpan SuspiciousSilence = TimeSpan.FromSeconds(9);

    private readonly QueueDeclarations _declarations;
    private readonly BusKeeper _keeper;
    private readonly TimeProvider _time;
    private int _timeouts;
    private long _lastSuccess;

    public PublishingBus(RabbitMqAddress address, ILoggerFactory loggers, TimeProvider time)
    {
        _time = time;
        _declarations = new QueueDeclarations(address);
        _keeper = new BusKeeper("publishing", () => Build(address), _declarations.ReachAsync, loggers, time);
    }

    /// <summary>True if the bus has started and its connection is up, as far as it knows.</summary>
    public bool Connected => _keeper.Running?.CheckHealth().Status == BusHealthStatus.Healthy;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _keeper.Start();
        return Task.CompletedTask;
    }

    /// <summary>Nothing yet: whoever still has something to send stops after this. The bus ends with the container.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends to the exchange of a queue and returns when the broker has confirmed the message, and that it was routed.</summary>
    /// <exception cref="Exception">Anything else. The queue is declared anew before the next send to it.</exception>
    public async Task SendAsync(Destination destination, OutgoingMessage message, CancellationToken cancellationToken)
    {
        IBusControl? bus = null;
        try
        {
            await _declarations.EnsureAsync(destination.Name, cancellationToken);
            bus = await _keeper.StartedAsync(cancellationToken);
            await message.SendAsync(await bus.GetSendEndpoint(destination.Address).WaitAsync(cancellationToken));
        }
        catch (Exception e)
        {
            _declarations.Forget(destination.Name);
            if (e is OperationCanceledException && bus is not null)
                TimedOut(bus);
            throw;
        }

        Volatile.Write(ref _timeouts, 0);
        Volatile.Write(ref _lastSuccess, _time.GetTimestamp());
    }

    public ValueTask DisposeAsync() => _keeper.DisposeAsync();

    private static IBusControl Build(RabbitMqAddress address)
    {
        var bus = BusFactory.Create(address, "messaging-publish");
        bus.ConnectSendObserver(new OutgoingMessage.FailureObserver());
        return bus;
    }

    private void TimedOut(IBusControl bus)
    {
        if (Interlocked.Increment(ref _timeouts) < SuspiciousTimeouts || _time.GetElapsedTime(Volatile.Read(ref _lastSuccess)) < SuspiciousSilence)
            return;
        Volatile.Write(ref _timeouts, 0);
        _keeper.Replace(bus, "the broker answers, but sends are not confirmed");
    }
}
