using MassTransit;
using MassTransit.RabbitMqTransport;

namespace Messaging.Infrastructure.Broker;

/// <summary>Stands in front of MassTransit's consumer on a channel and gives it a <see cref="DeliverySession"/> in place of the bare channel.</summary>
internal sealed class SessionFilter(EndpointStatus status) : IFilter<ChannelContext>
{
    public async Task Send(ChannelContext context, IPipe<ChannelContext> next)
    {
        using var session = new DeliverySession(context, status);
        await next.Send(session);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("deliverySession");
}
