namespace Messaging.Infrastructure.Broker;

/// <summary>What this process knows of one queue that it listens on. Safe to use from several threads.</summary>
/// <param name="name">The queue's name on the broker.</param>
/// <param name="prefetch">How many unacknowledged messages the broker may have delivered.</param>
/// <param name="time">Clock.</param>
internal sealed class EndpointStatus(string name, int prefetch, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly HashSet<DeliverySession> _sessions = [];
    private long _lastSign = time.GetTimestamp();
    private int _unsettled;

    /// <summary>The queue's name on the broker.</summary>
    public string Name { get; } = name;

    /// <summary>True if the broker has registered a consumer of ours, and its channel stands.</summary>
    public bool Consuming
    {
        get
        {
            lock (_lock)
                return _sessions.Count > 0;
        }
    }

    /// <summary>True if the broker may deliver more: what it has delivered and we have not settled is less than the prefetch.</summary>
    public bool HasRoom => Volatile.Read(ref _unsettled) < prefetch;

    /// <summary>How long nothing was delivered, counted from the last delivery or the consumer's registration.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _lastSign));

    /// <summary>How far the watch has gone since the last delivery.</summary>
    public RepairStep LastStep { get; set; }

    /// <summary>The broker has registered a consumer.</summary>
    public void ConsumerAdded(DeliverySession session)
    {
        lock (_lock)
            _sessions.Add(session);
        SignNow();
    }

    /// <summary>A consumer's channel is gone.</summary>
    public void ConsumerRemoved(DeliverySession session)
    {
        lock (_lock)
            _sessions.Remove(session);
    }

    /// <summary>A delivery has come.</summary>
    public void Delivered()
    {
        Interlocked.Increment(ref _unsettled);
        LastStep = RepairStep.None;
        SignNow();
    }

    /// <summary>A delivery was acknowledged or returned, or its channel is gone.</summary>
    public void Settled() => Interlocked.Decrement(ref _unsettled);

    /// <summary>Begins to count the silence anew.</summary>
    public void SignNow() => Volatile.Write(ref _lastSign, time.GetTimestamp());

    /// <summary>The silence has a good reason: nothing waits in the queue.</summary>
    public void Rest()
    {
        LastStep = RepairStep.None;
        SignNow();
    }

    /// <summary>Has the channels closed that are consumed on; MassTransit opens others.</summary>
    public async Task ReopenAsync()
    {
        DeliverySession[] sessions;
        lock (_lock)
            sessions = [.. _sessions];
        foreach (var session in sessions)
            await session.BreakAsync(time);
    }
}
