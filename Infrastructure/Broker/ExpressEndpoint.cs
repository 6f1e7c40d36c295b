using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Infrastructure.Broker;

/// <summary>Hears the express copies of this worker's queues. Nothing is acknowledged: each has another copy that is.</summary>
public sealed class ExpressEndpoint : HintListener
{
    private readonly IReadOnlyList<string> _queues;
    private readonly IExpressReceiver _receiver;
    private readonly ILogger<ExpressEndpoint> _log;

    internal ExpressEndpoint(IReadOnlyList<string> queues, IExpressReceiver receiver, RabbitMqAddress address, TimeProvider time, ILogger<ExpressEndpoint> log)
        : base(address, "messaging-express", time) => (_queues, _receiver, _log) = (queues, receiver, log);

    private protected override async Task ConsumeAsync(IChannel channel, Action<string> end, CancellationToken stoppingToken)
    {
        await QueueTopology.DeclareExpressAsync(channel, stoppingToken);
        foreach (var queue in _queues)
        {
            var name = await QueueTopology.DeclareExpressAsync(channel, queue, stoppingToken);
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += (_, delivery) =>
            {
                Hear(queue, delivery.Body.ToArray());
                return Task.CompletedTask;
            };
            consumer.UnregisteredAsync += (_, _) =>
            {
                end("the consumer was cancelled");
                return Task.CompletedTask;
            };
            await channel.BasicConsumeAsync(name, autoAck: true, consumer, stoppingToken);
        }
    }

    private void Hear(string queue, byte[] body)
    {
        // What can't be read is told of when its other copy comes.
        if (RunTasksReader.TryRead(body, out var message, out _))
            _receiver.Receive(queue, message);
    }

    private protected override void OnConnected() => _log.ExpressOpen();

    private protected override void OnAway(string reason) => _log.ExpressAway(reason);
}
