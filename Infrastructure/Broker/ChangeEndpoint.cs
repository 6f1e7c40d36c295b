using System.Text.Json;
using Messaging.Infrastructure.Store.Changes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Hears what other processes say of changed tasks: an exclusive queue of this process, gone with its connection, of bounded length. Connects
/// by itself, again and again; while it can't, <see cref="IsConnected"/> says so and whoever needs news reads the ledger more often.
/// </summary>
public sealed class ChangeEndpoint : BackgroundService
{
    // Hints: the newest are worth the most, and the ledger has all of them.
    private const int MostMessages = 10_000;
    private const ushort Prefetch = 200;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly TaskChanges _changes;
    private readonly RabbitMqAddress _address;
    private readonly TimeProvider _time;
    private readonly ILogger<ChangeEndpoint> _log;
    private volatile bool _connected;
    private bool _said;

    internal ChangeEndpoint(TaskChanges changes, RabbitMqAddress address, TimeProvider time, ILogger<ChangeEndpoint> log) =>
        (_changes, _address, _time, _log) = (changes, address, time, log);

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

    /// <summary>Listens until the connection ends; answers why it did.</summary>
    private async Task<string> ListenAsync(CancellationToken stoppingToken)
    {
        await using var connection = await _address.ToFactory("messaging-listen").CreateConnectionAsync(stoppingToken);
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, reason) =>
        {
            ended.TrySetResult(reason.ReplyText);
            return Task.CompletedTask;
        };
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            ended.TrySetResult(reason.ReplyText);
            return Task.CompletedTask;
        };
        await QueueTopology.DeclareChangesAsync(channel, stoppingToken);
        // A name of ours: for one of the server's (amq.gen-…) our user would need rights on everybody's queues of that sort.
        var queue = await channel.QueueDeclareAsync(
            $"{QueueNames.TasksChanged}.{Guid.NewGuid():N}", durable: false, exclusive: true, autoDelete: true, new Dictionary<string, object?> { ["x-max-length"] = MostMessages }, cancellationToken: stoppingToken);
        await channel.QueueBindAsync(queue.QueueName, QueueNames.TasksChanged, routingKey: "", cancellationToken: stoppingToken);
        await channel.BasicQosAsync(0, Prefetch, global: false, stoppingToken);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            Hear(delivery.Body.Span);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, CancellationToken.None);
        };
        consumer.UnregisteredAsync += (_, _) =>
        {
            ended.TrySetResult("the consumer was cancelled");
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: false, consumer, stoppingToken);
        _connected = true;
        _said = false;
        _log.ListeningToChanges();
        return await ended.Task.WaitAsync(stoppingToken);
    }

    private void Hear(ReadOnlySpan<byte> body)
    {
        try
        {
            _changes.Hear(TasksChangedJson.Read(body).Ids);
        }
        catch (JsonException e)
        {
            _log.ChangesNotRead(e.Message);
        }
    }

    /// <summary>Once for each time that the broker is away.</summary>
    private void Say(string reason)
    {
        if (_said)
            return;
        _said = true;
        _log.NotListeningToChanges(reason);
    }
}
