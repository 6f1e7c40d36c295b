namespace Messaging.Infrastructure.Broker;

/// <summary>What this process can say of its broker, for the readiness page. A broker that is away keeps nobody from accepting tasks.</summary>
public sealed class BrokerHealth
{
    private readonly PublishingBus _publishing;
    private readonly TaskEndpoints? _endpoints;

    internal BrokerHealth(PublishingBus publishing, TaskEndpoints? endpoints)
    {
        _publishing = publishing;
        _endpoints = endpoints;
    }

    /// <summary>True if the connection for sending is up.</summary>
    public bool Connected => _publishing.Connected;

    /// <summary>True while the broker is there and takes no messages: a memory or disk alarm.</summary>
    public bool Blocked => _publishing.Blocked;

    /// <summary>True if every queue of this process has its consumer; also true in a process that consumes nothing.</summary>
    public bool ConsumersRegistered => MissingConsumers.Count == 0;

    /// <summary>The queues, by their names on the broker, that should have a consumer of this process and have none.</summary>
    public IReadOnlyList<string> MissingConsumers => _endpoints?.Missing ?? [];

    /// <summary>The queues, by their names on the broker, whose messages wait although this process has room, and nothing is delivered.</summary>
    public IReadOnlyList<string> StalledQueues => _endpoints?.Stalled ?? [];
}
