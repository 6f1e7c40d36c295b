using Messaging.Contracts.Messages;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Sends express copies: not confirmed, not mandatory, not durable, over a connection of its own. A quorum queue hands a message on when it is
/// on the disks of most of its members; this one is in the hands of a consumer by then.
/// </summary>
internal sealed class ExpressPublisher(RabbitMqAddress address, TimeProvider time, ILogger<ExpressPublisher> log) : BackgroundService, IExpressPublisher
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly BasicProperties Properties = new() { ContentType = "application/json", DeliveryMode = DeliveryModes.Transient };

    private readonly HintConnection _connection = new(address, "messaging-express", QueueTopology.DeclareExpressAsync);
    private readonly SemaphoreSlim _sending = new(1);
    private readonly SemaphoreSlim _broken = new(0, 1);
    private volatile IChannel? _channel;

    /// <inheritdoc/>
    public bool Offer(string queue, RunTasks message)
    {
        // A send is under way: the broker is slow to take hints, so it gets none.
        if (_channel is not { } channel || !_sending.Wait(0))
            return false;
        _ = SendAsync(channel, queue, message);
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
                await KeepOpenAsync(stoppingToken);
        }
        finally
        {
            _channel = null;
            await _connection.CloseAsync();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _sending.Dispose();
        _broken.Dispose();
        base.Dispose();
    }

    private async Task KeepOpenAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            patience.CancelAfter(RabbitMqAddress.Patience);
            var channel = await _connection.OpenAsync(patience.Token);
            channel.ChannelShutdownAsync += (_, _) =>
            {
                Break(channel);
                return Task.CompletedTask;
            };
            _channel = channel;
            if (channel.IsOpen)
                await _broken.WaitAsync(stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            log.ExpressAway(e.Message);
        }

        _channel = null;
        await Task.Delay(PauseAfterFailure, time, stoppingToken);
    }

    private async Task SendAsync(IChannel channel, string queue, RunTasks message)
    {
        try
        {
            await channel.BasicPublishAsync(QueueNames.Express, queue, mandatory: false, Properties, RunTasksWriter.Write(message), CancellationToken.None);
        }
        catch (Exception e)
        {
            log.ExpressAway(e.Message);
            Break(channel);
        }
        finally
        {
            _sending.Release();
        }
    }

    private void Break(IChannel channel)
    {
        if (Interlocked.CompareExchange(ref _channel, null, channel) == channel)
            _broken.Release();
    }
}
