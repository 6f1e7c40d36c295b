using MassTransit;

namespace Messaging.Infrastructure.Broker;

/// <summary>Builds MassTransit buses with our settings. MassTransit does not keep a host from starting, and adds nothing to the container.</summary>
internal static class BusFactory
{
    /// <summary>A bus with a connection of its own.</summary>
    /// <param name="address">The broker.</param>
    /// <param name="name">What the broker's overview shows for the connection.</param>
    /// <param name="configure">Adds receive endpoints.</param>
    public static IBusControl Create(RabbitMqAddress address, string name, Action<IRabbitMqBusFactoryConfigurator>? configure = null) =>
        Bus.Factory.CreateUsingRabbitMq(bus =>
        {
            bus.Host(address.Host, address.Port, address.VirtualHost, name, host =>
            {
                host.Username(address.User);
                host.Password(address.Password);
                host.Heartbeat(RabbitMqAddress.Heartbeat);
                host.RequestedConnectionTimeout(RabbitMqAddress.Patience);
                host.ContinuationTimeout(RabbitMqAddress.Patience);
                host.PublisherConfirmation = true;
                if (address.Tls)
                    host.UseSsl(ssl => ssl.ServerName = address.Host);
            });
            configure?.Invoke(bus);
        });
}
