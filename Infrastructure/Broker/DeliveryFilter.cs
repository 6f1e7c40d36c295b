using MassTransit;
using MassTransit.RabbitMqTransport;
using Messaging.Contracts.Messages;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// The end of MassTransit's pipeline and the begin of ours: copies the body, parses it and hands it over. It never throws, so MassTransit's
/// error queues are never used.
/// </summary>
/// <param name="status">The queue.</param>
/// <param name="handle">What takes a message; its return acknowledges the delivery, an exception returns it to the queue.</param>
/// <param name="rejections">Where unreadable bodies go.</param>
/// <param name="time">Clock for the pause before a return.</param>
/// <param name="log">Log.</param>
internal sealed class DeliveryFilter(
    EndpointStatus status, Func<RunTasks, CancellationToken, Task> handle, Rejections rejections, TimeProvider time, ILogger log) : IFilter<ReceiveContext>
{
    // A receiver that fails at once must not make a delivery fly in circles.
    private static readonly TimeSpan PauseBeforeReturn = TimeSpan.FromSeconds(1);

    public Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        var session = (DeliverySession)context.GetPayload<ChannelContext>();
        var deliveryTag = context.GetPayload<RabbitMqBasicConsumeContext>().DeliveryTag;
        // The client's buffer is used again after the return.
        _ = HandleAsync(session, deliveryTag, context.Body.GetBytes());
        return Task.CompletedTask;
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("delivery");

    private async Task HandleAsync(DeliverySession session, ulong deliveryTag, byte[] body)
    {
        status.Delivered();
        try
        {
            await SettleAsync(session, deliveryTag, body);
        }
        finally
        {
            status.Settled();
        }
    }

    private async Task SettleAsync(DeliverySession session, ulong deliveryTag, byte[] body)
    {
        try
        {
            if (RunTasksReader.TryRead(body, out var message, out var reason))
                await handle(message, session.Ended);
            else
                await rejections.SetAsideAsync(status.Name, body, reason, session.Ended);
        }
        catch (Exception e)
        {
            if (!session.Ended.IsCancellationRequested)
                await ReturnAsync(session, deliveryTag, e);
            return;
        }

        try
        {
            await session.AcknowledgeAsync(deliveryTag);
        }
        catch (Exception e)
        {
            log.NotAcknowledged(status.Name, e.Message);
        }
    }

    private async Task ReturnAsync(DeliverySession session, ulong deliveryTag, Exception reason)
    {
        log.DeliveryFailed(status.Name, reason.Message, reason);
        try
        {
            await Task.Delay(PauseBeforeReturn, time, session.Ended);
            await session.ReturnAsync(deliveryTag);
        }
        catch (Exception e)
        {
            log.NotAcknowledged(status.Name, e.Message);
        }
    }
}
