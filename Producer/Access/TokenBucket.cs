namespace Messaging.Producer.Access;

/// <summary>What a bucket holds.</summary>
/// <param name="Allowed">Whether the token was there.</param>
/// <param name="Left">Whole tokens that are left.</param>
/// <param name="Full">When it is full again, if nothing more is taken.</param>
/// <param name="Next">When the next token is there; zero if there is one.</param>
internal readonly record struct BucketLevel(bool Allowed, long Left, TimeSpan Full, TimeSpan Next);

/// <summary>A token bucket: fills evenly, holds so much. Thread-safe.</summary>
/// <param name="perSecond">How many tokens come in a second.</param>
/// <param name="capacity">How many it holds. Full at first.</param>
/// <param name="time">Its clock.</param>
internal sealed class TokenBucket(int perSecond, long capacity, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _tokens = capacity;
    private long _filledAt = time.GetTimestamp();

    /// <summary>How many tokens come in a second.</summary>
    public int PerSecond => perSecond;

    /// <summary>How many it holds.</summary>
    public long Capacity => capacity;

    /// <summary>Takes one token if there is one.</summary>
    public BucketLevel Take()
    {
        lock (_lock)
        {
            Fill();
            var allowed = _tokens >= 1;
            if (allowed)
                _tokens--;
            return new BucketLevel(
                allowed,
                (long)Math.Max(0, _tokens),
                TimeSpan.FromSeconds((capacity - _tokens) / perSecond),
                TimeSpan.FromSeconds(Math.Max(0, 1 - _tokens) / perSecond));
        }
    }

    /// <summary>Takes tokens that were used before they could be counted; the next ones wait until they have come in.</summary>
    public void Charge(long tokens)
    {
        lock (_lock)
        {
            Fill();
            _tokens -= tokens;
        }
    }

    private void Fill()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(capacity, _tokens + time.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond);
        _filledAt = now;
    }
}
