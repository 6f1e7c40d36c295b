namespace Messaging.Contracts.Client.Http;

/// <summary>
/// How long to pause between the tries of one request: 100 ms, doubled each time up to 5 s, with up to half of it more by chance, and never less than the
/// other side asks for. Ends when the next try would come after the limit.
/// </summary>
/// <param name="limit">From the first try to the last.</param>
/// <param name="time">The clock.</param>
internal sealed class RetryPace(TimeSpan limit, TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private long _since = time.GetTimestamp();

    /// <summary>How many tries there were.</summary>
    public int Tries { get; private set; }

    /// <summary>Begins anew: somebody answered.</summary>
    public void Reset() => (_since, Tries) = (time.GetTimestamp(), 0);

    /// <summary>Counts a try that failed.</summary>
    /// <param name="asked">No earlier than that.</param>
    /// <returns>How long to pause before the next; null: there is none.</returns>
    public TimeSpan? Next(TimeSpan asked)
    {
        var pause = First * Math.Pow(2, Math.Min(Tries, 10));
        Tries++;
        pause = (pause < Longest ? pause : Longest) * (1 + (Random.Shared.NextDouble() / 2));
        if (pause < asked)
            pause = asked;
        return time.GetElapsedTime(_since) + pause <= limit ? pause : null;
    }
}
