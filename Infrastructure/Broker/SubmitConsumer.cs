using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Infrastructure.Broker;

/// <summary>Hands deliveries on, and tells when the broker cancels it, which it does when the queue goes; a cancel of ours says nothing.</summary>
internal sealed class SubmitConsumer(IChannel channel, Func<BasicDeliverEventArgs, Task> take, Action cancelled) : AsyncDefaultBasicConsumer(channel)
{
    /// <inheritdoc/>
    public override Task HandleBasicDeliverAsync(
        string consumerTag,
        ulong deliveryTag,
        bool redelivered,
        string exchange,
        string routingKey,
        IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default) =>
        take(new BasicDeliverEventArgs(consumerTag, deliveryTag, redelivered, exchange, routingKey, properties, body, cancellationToken));

    /// <inheritdoc/>
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        cancelled();
        return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
    }
}
