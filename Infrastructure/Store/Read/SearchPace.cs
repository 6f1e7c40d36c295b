namespace Messaging.Infrastructure.Store.Read;

/// <summary>
/// How much a search may still look at. It reads in chunks that grow; the last ones are as large as fits into the rest of its time, because
/// an entry takes from under 1 µs to some 20, by what is looked up beside it.
/// </summary>
/// <param name="time">The clock; it runs from now on.</param>
/// <param name="budget">No new chunk is begun after this.</param>
/// <param name="mostLooked">Nor after so many entries.</param>
/// <param name="largestChunk">No chunk is larger.</param>
internal sealed class SearchPace(TimeProvider time, TimeSpan budget, int mostLooked, int largestChunk = SearchPace.LargestChunk)
{
    /// <summary>The first chunk of a search that filters what it finds.</summary>
    public const int FirstChunk = 1_000;

    /// <summary>The largest one, where nothing else is said.</summary>
    public const int LargestChunk = 16_000;

    private const int SmallestChunk = 250;

    private readonly long _started = time.GetTimestamp();
    private int _looked;

    /// <summary>True when enough was looked at, or for long enough.</summary>
    public bool IsOver => _looked >= mostLooked || time.GetElapsedTime(_started) >= budget;

    /// <summary>A chunk was read. Answers the size of the next one.</summary>
    public int Next(int chunk)
    {
        _looked += chunk;
        var elapsed = time.GetElapsedTime(_started).TotalMilliseconds;
        var fitting = _looked * (budget.TotalMilliseconds - elapsed) / Math.Max(elapsed, 0.01);
        var largest = Math.Min(Math.Min(chunk * 4, largestChunk), Math.Max(mostLooked - _looked, 1));
        return (int)Math.Min(Math.Max(fitting, SmallestChunk), largest);
    }
}
