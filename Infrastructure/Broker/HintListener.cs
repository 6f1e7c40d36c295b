using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Listens to something that is only a hint, over a connection of its own: it connects by itself, again and again, and whatever befalls it
/// touches no task on its way. What is missed meanwhile is found in the ledger, or comes by the way that keeps everything.
/// </summary>
public abstract class HintListener : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly RabbitMqAddress _address;
    private readonly string _name;
    private readonly TimeProvider _time;
    private volatile bool _connected;
    private bool _said;

    /// <summary>Idle until it is started.</summary>
    /// <param name="address">The broker.</param>
    /// <param name="name">What the broker's overview shows for the connection.</param>
    /// <param name="time">Clock for the pauses.</param>
    private protected HintListener(RabbitMqAddress address, string name, TimeProvider time) => (_address, _name, _time) = (address, name, time);

    /// <summary>True while the queue is there and its consumer registered.</summary>
    public bool IsConnected => _connected;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = FirstPause; !stoppingToken.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var reason = await ListenAsync(stoppingToken);
                pause = FirstPause;
                Say(reason);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Say(e.Message);
            }
            finally
            {
                _connected = false;
            }

            await Task.Delay(pause, _time, stoppingToken);
        }
    }

    /// <summary>Declares what it needs and begins to consume.</summary>
    /// <param name="channel">A new channel.</param>
    /// <param name="end">To be called with the reason when a consumer is cancelled.</param>
    /// <param name="stoppingToken">Gives up.</param>
    private protected abstract Task ConsumeAsync(IChannel channel, Action<string> end, CancellationToken stoppingToken);

    /// <summary>It hears now.</summary>
    private protected abstract void OnConnected();

    /// <summary>It hears nothing; said once for each time that the broker is away.</summary>
    private protected abstract void OnAway(string reason);

    /// <summary>Listens until the connection ends; answers why it did.</summary>
    private async Task<string> ListenAsync(CancellationToken stoppingToken)
    {
        await using var connection = await _address.ToFactory(_name).CreateConnectionAsync(stoppingToken);
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, reason) => End(reason.ReplyText);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
        channel.ChannelShutdownAsync += (_, reason) => End(reason.ReplyText);
        await ConsumeAsync(channel, reason => ended.TrySetResult(reason), stoppingToken);
        _connected = true;
        _said = false;
        OnConnected();
        return await ended.Task.WaitAsync(stoppingToken);

        Task End(string reason)
        {
            ended.TrySetResult(reason);
            return Task.CompletedTask;
        }
    }

    private void Say(string reason)
    {
        if (_said)
            return;
        _said = true;
        OnAway(reason);
    }
}
