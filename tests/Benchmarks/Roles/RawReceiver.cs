using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>Takes messages with RabbitMQ's own client and acknowledges each.</summary>
internal sealed class RawReceiver : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "raw-receiver";

    private readonly RawChannel _raw = new();
    private readonly Arrivals _arrivals = new();

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _raw.OpenAsync(cancellationToken);
        await _raw.Channel.BasicQosAsync(0, (ushort)BareBus.Window, global: false, cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(_raw.Channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            _arrivals.Add();
            await _raw.Channel.BasicAckAsync(message.DeliveryTag, multiple: false, message.CancellationToken);
        };
        await _raw.Channel.BasicConsumeAsync(BareBus.Queue, autoAck: false, consumer, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken) => _arrivals.AwaitAsync(tasks, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _raw.DisposeAsync();
}
