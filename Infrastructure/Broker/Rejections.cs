using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Broker;

/// <summary>Passes messages that can't be read on to <see cref="QueueNames.Rejected"/>, byte for byte, with the reason and the queue in headers.</summary>
internal sealed class Rejections(PublishingBus bus, BrokerMeter meter, TimeProvider time, ILogger<Rejections> log)
{
    private const int LongestReason = 500;

    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly Destination Destination = new(QueueNames.Rejected);

    /// <summary>Returns when the message is safe in the queue of rejected ones; tries until then.</summary>
    /// <exception cref="OperationCanceledException">The delivery's channel is gone: the message will come again.</exception>
    public async Task SetAsideAsync(string queue, byte[] body, string reason, CancellationToken cancellationToken)
    {
        if (reason.Length > LongestReason)
            reason = reason[..LongestReason];
        log.Rejected(queue, reason);
        while (true)
        {
            try
            {
                await SendAsync(queue, body, reason, cancellationToken);
                meter.Rejected(queue);
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                log.NotRejected(queue, e.Message);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async Task SendAsync(string queue, byte[] body, string reason, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(SendPatience);
        using var message = new OutgoingMessage(body, patience.Token)
        {
            Headers = new Dictionary<string, string> { [QueueNames.ReasonHeader] = reason, [QueueNames.OriginHeader] = queue },
        };
        await bus.SendAsync(Destination, message, patience.Token);
    }
}
