namespace Messaging.Infrastructure.Broker;

/// <summary>Where a message goes.</summary>
/// <param name="name">The exchange's and queue's name on the broker.</param>
internal sealed class Destination(string name)
{
    /// <summary>The exchange's and queue's name on the broker.</summary>
    public string Name { get; } = name;

    /// <summary>
    /// The exchange, not the queue: MassTransit would declare a <c>queue:</c> address without our arguments, and the broker refuse that.
    /// </summary>
    public Uri Address { get; } = new($"exchange:{name}");
}
