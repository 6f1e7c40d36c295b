using MassTransit.RabbitMqTransport;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// One consumer's life on one channel. It takes the acknowledging out of MassTransit's hands: there a delivery is acknowledged when
/// its handling returns, which would need one loop per message in flight, and RabbitMQ.Client wakes every idle loop for each
/// delivery. Here one loop hands deliveries on, and each is acknowledged whenever its tasks are settled.
/// </summary>
internal sealed class DeliverySession : SharedChannelContext, ChannelContext, IDisposable
{
    private readonly EndpointStatus _status;
    private readonly CancellationTokenSource _ended = new();
    private int _consuming;

    public DeliverySession(ChannelContext channel, EndpointStatus status)
        : base(channel, channel.CancellationToken)
    {
        _status = status;
        Ended = _ended.Token;
    }

    /// <summary>Cancelled when the endpoint stops or the channel is gone: what is not acknowledged by then will be delivered again.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Tells the broker that a delivery is done with.</summary>
    public ValueTask AcknowledgeAsync(ulong deliveryTag) => Channel.BasicAckAsync(deliveryTag, multiple: false, CancellationToken.None);

    /// <summary>Gives a delivery back to its queue.</summary>
    public ValueTask ReturnAsync(ulong deliveryTag) => Channel.BasicNackAsync(deliveryTag, multiple: false, requeue: true, CancellationToken.None);

    /// <summary>
    /// Makes the broker close the channel under the consumer, which ends this session. MassTransit opens another only if it was not us who
    /// closed it, so the broker is asked for something that it answers with a close: a queue that nobody declares.
    /// </summary>
    public async Task BreakAsync(TimeProvider time)
    {
        try
        {
            await Channel.QueueDeclarePassiveAsync(BrokerProbe.Nowhere, _ended.Token).WaitAsync(RabbitMqAddress.Patience, time);
        }
        catch (Exception e) when (e is OperationInterruptedException or AlreadyClosedException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // That it fails is what it is for; if nothing answers, the next step is taken.
        }
    }

    /// <summary>MassTransit acknowledges as soon as the filter returns; ours follows later.</summary>
    ValueTask ChannelContext.BasicAck(ulong deliveryTag, bool multiple) => ValueTask.CompletedTask;

    async Task<string> ChannelContext.BasicConsume(
        string queue,
        bool noAck,
        bool exclusive,
        IDictionary<string, object> arguments,
        IAsyncBasicConsumer consumer,
        string consumerTag,
        CancellationToken cancellationToken)
    {
        var tag = await BasicConsume(queue, noAck, exclusive, arguments, consumer, consumerTag, cancellationToken);
        if (Interlocked.Exchange(ref _consuming, 1) == 0)
            _status.ConsumerAdded(this);
        return tag;
    }

    /// <summary>The consumer is gone.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _consuming, 0) == 1)
            _status.ConsumerRemoved(this);
        _ended.Cancel();
        _ended.Dispose();
    }
}
