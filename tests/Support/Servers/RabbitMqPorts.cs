namespace Messaging.Tests.Support.Servers;

/// <summary>The loopback ports of one private RabbitMQ.</summary>
/// <param name="Amqp">For clients.</param>
/// <param name="Distribution">For Erlang nodes, among them the command line tools.</param>
/// <param name="Names">Of its own epmd.</param>
/// <param name="Management">Of the management API, when that is on.</param>
internal sealed record RabbitMqPorts(int Amqp, int Distribution, int Names, int Management)
{
    /// <summary>Four ports that are free now.</summary>
    public static RabbitMqPorts Find()
    {
        var ports = FreePorts.Find(4);
        return new(ports[0], ports[1], ports[2], ports[3]);
    }
}
