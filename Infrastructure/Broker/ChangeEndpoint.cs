using System.Text.Json;
using Messaging.Infrastructure.Hints;
using Messaging.Infrastructure.Store.Changes;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// Hears what other processes say of changed tasks: an exclusive queue of this process, gone with its connection, of bounded length.
/// While <see cref="HintListener.IsConnected"/> is false, whoever needs news reads the ledger more often.
/// </summary>
public sealed class ChangeEndpoint : HintListener
{
    // Hints: the newest are worth the most, and the ledger has all of them.
    private const int MostMessages = 10_000;
    private const ushort Prefetch = 200;

    private readonly TaskChanges _changes;
    private readonly RabbitMqAddress _address;
    private readonly ILogger<ChangeEndpoint> _log;

    internal ChangeEndpoint(TaskChanges changes, RabbitMqAddress address, TimeProvider time, ILogger<ChangeEndpoint> log)
        : base(time) => (_changes, _address, _log) = (changes, address, log);

    private protected override async Task<string> ListenAsync(Action connected, CancellationToken stoppingToken)
    {
        await using var connection = await _address.ToFactory("messaging-listen").CreateConnectionAsync(stoppingToken);
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, reason) => End(reason.ReplyText);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stoppingToken);
        channel.ChannelShutdownAsync += (_, reason) => End(reason.ReplyText);
        await ConsumeAsync(channel, End, stoppingToken);
        connected();
        return await ended.Task.WaitAsync(stoppingToken);

        Task End(string reason)
        {
            ended.TrySetResult(reason);
            return Task.CompletedTask;
        }
    }

    private async Task ConsumeAsync(IChannel channel, Func<string, Task> end, CancellationToken stoppingToken)
    {
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
        consumer.UnregisteredAsync += (_, _) => end("the consumer was cancelled");
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: false, consumer, stoppingToken);
    }

    private protected override void OnConnected() => _log.ListeningToChanges();

    private protected override void OnAway(string reason) => _log.NotListeningToChanges(reason);

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
}
