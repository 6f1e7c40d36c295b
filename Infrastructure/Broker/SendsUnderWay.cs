using System.Collections.Concurrent;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// The sends that wait for the broker's confirm, and how long it has been silent to all of them. Many wait at once; as long as one
/// of them ends, well or badly, the connection works.
/// </summary>
internal sealed class SendsUnderWay(TimeProvider time)
{
    private readonly ConcurrentDictionary<OutgoingMessage, bool> _waiting = new();
    private long _lastSign = time.GetTimestamp();
    private int _count;

    /// <summary>How long nothing was heard although something waits; zero while nothing waits.</summary>
    public TimeSpan Silence => Volatile.Read(ref _count) == 0 ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _lastSign));

    /// <summary>A send begins.</summary>
    public void Begin(OutgoingMessage message)
    {
        if (Volatile.Read(ref _count) == 0)
            Heard();
        _waiting.TryAdd(message, true);
        Interlocked.Increment(ref _count);
    }

    /// <summary>A send has ended.</summary>
    /// <param name="message">The message of <see cref="Begin"/>.</param>
    /// <param name="answered">True if the broker, or the connection to it, had a part in that; false if its time was up.</param>
    public void End(OutgoingMessage message, bool answered)
    {
        _waiting.TryRemove(message, out _);
        Interlocked.Decrement(ref _count);
        if (answered)
            Heard();
    }

    /// <summary>Ends every send that waits with this failure; sending again is safe.</summary>
    public void FailAll(Exception reason)
    {
        foreach (var (message, _) in _waiting)
            message.Fail(reason);
        Heard();
    }

    private void Heard() => Volatile.Write(ref _lastSign, time.GetTimestamp());
}
