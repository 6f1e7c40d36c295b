using System.Collections.Concurrent;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Tests.Support;

/// <summary>A stranger's client: publishes confirmed, looks into the queue of rejected messages, gets replies. Declares nothing of ours.</summary>
public sealed class AmqpClient : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<(string? Type, string Body)>> _replies = new();

    private AmqpClient(IConnection connection, IChannel channel, string replyTo) => (_connection, _channel, ReplyTo) = (connection, channel, replyTo);

    /// <summary>A queue of its own for replies.</summary>
    public string ReplyTo { get; }

    public IChannel Channel => _channel;

    public static async Task<AmqpClient> ConnectAsync(Uri broker)
    {
        var connection = await new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        var queue = await channel.QueueDeclareAsync();
        var client = new AmqpClient(connection, channel, queue.QueueName);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            client.Reply(delivery.BasicProperties.CorrelationId ?? "").TrySetResult((delivery.BasicProperties.ContentType, Encoding.UTF8.GetString(delivery.Body.Span)));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer);
        return client;
    }

    /// <summary>Publishes a message and returns when the broker has it in a queue.</summary>
    public Task PublishAsync(string body, Action<BasicProperties>? more = null) => PublishAsync(Encoding.UTF8.GetBytes(body), more);

    public async Task PublishAsync(byte[] body, Action<BasicProperties>? more = null)
    {
        var properties = new BasicProperties { ContentType = "application/json", DeliveryMode = DeliveryModes.Persistent };
        more?.Invoke(properties);
        await _channel.BasicPublishAsync("messaging.submit", "", mandatory: true, properties, body);
    }

    /// <summary>Publishes a message and returns the answer to it.</summary>
    public async Task<(string? Type, string Body)> AskAsync(string body, Action<BasicProperties>? more = null)
    {
        var correlation = Guid.NewGuid().ToString();
        await PublishAsync(body, properties =>
        {
            (properties.ReplyTo, properties.CorrelationId) = (ReplyTo, correlation);
            more?.Invoke(properties);
        });
        return await Reply(correlation).Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>Takes the next rejected message; null if there is none.</summary>
    public Task<BasicGetResult?> TakeRejectedAsync() => _channel.BasicGetAsync("messaging.submit.rejected", autoAck: true);

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private TaskCompletionSource<(string? Type, string Body)> Reply(string correlation) =>
        _replies.GetOrAdd(correlation, _ => new TaskCompletionSource<(string?, string)>(TaskCreationOptions.RunContinuationsAsynchronously));
}
