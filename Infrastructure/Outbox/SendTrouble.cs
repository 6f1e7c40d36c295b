namespace Messaging.Infrastructure.Outbox;

/// <summary>
/// A queue's back-off: after a failed send one pack at a time tries again, with growing pauses, until one gets through. Not
/// thread-safe: it belongs to the relay's lock.
/// </summary>
internal sealed class SendTrouble
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private TimeSpan _pause;
    private bool _pausing;

    /// <summary>True from the first failure until the next success.</summary>
    public bool Is { get; private set; }

    /// <summary>How many sends have failed since the last success.</summary>
    public int Failures { get; private set; }

    /// <summary>A send failed: the pause after which <see cref="PauseOver"/> must be called, or null if one is running already.</summary>
    public TimeSpan? Failed()
    {
        Failures++;
        if (_pausing)
            return null; // one of many that were in flight together
        _pause = !Is ? FirstPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        (Is, _pausing) = (true, true);
        return _pause;
    }

    /// <summary>The pause is over. Said by the timer, not read off a clock: a timer may fire a moment early, and nobody would look again.</summary>
    public void PauseOver() => _pausing = false;

    /// <summary>A send got through; answers how many had failed before.</summary>
    public int Succeeded()
    {
        var failures = Failures;
        (Is, Failures) = (false, 0);
        return failures;
    }

    /// <summary>True if a send may start now.</summary>
    /// <param name="inFlight">The queue's sends that are under way.</param>
    public bool MaySend(int inFlight) => !Is || (inFlight == 0 && !_pausing);
}
