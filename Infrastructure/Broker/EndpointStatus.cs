namespace Messaging.Infrastructure.Broker;

/// <summary>Whether a queue is being consumed by this process at this moment.</summary>
/// <param name="name">The queue's name on the broker.</param>
internal sealed class EndpointStatus(string name)
{
    private int _consumers;

    /// <summary>The queue's name on the broker.</summary>
    public string Name { get; } = name;

    /// <summary>True if the broker has registered a consumer of ours, and its channel stands.</summary>
    public bool Consuming => Volatile.Read(ref _consumers) > 0;

    public void ConsumerAdded() => Interlocked.Increment(ref _consumers);

    public void ConsumerRemoved() => Interlocked.Decrement(ref _consumers);
}
