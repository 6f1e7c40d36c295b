using RabbitMQ.Client;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>RabbitMQ's own client without anything around it: a connection, a channel, a durable quorum queue.</summary>
internal sealed class RawChannel : IAsyncDisposable
{
    private IConnection? _connection;
    private IChannel? _channel;

    /// <summary>The channel, once opened.</summary>
    public IChannel Channel => _channel ?? throw new InvalidOperationException("The channel is not open.");

    /// <summary>Connects and declares the queue. A publish returns when it is confirmed; how many may wait is the sender's own affair.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        _connection = await new ConnectionFactory { Uri = BareBus.Address }.CreateConnectionAsync(cancellationToken);
        _channel = await _connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true, outstandingPublisherConfirmationsRateLimiter: null),
            cancellationToken);
        await _channel.QueueDeclareAsync(
            BareBus.Queue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" },
            cancellationToken: cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_channel is not null)
            await _channel.DisposeAsync();
        if (_connection is not null)
            await _connection.DisposeAsync();
    }
}
