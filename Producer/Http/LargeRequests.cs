namespace Messaging.Producer.Http;

/// <summary>
/// Bounds the memory of bodies that are read whole: so many large ones at a time, the others wait. A turn lasts from the body's first MiB until its content
/// is stored, and not while its client sends more slowly than <see cref="LongestRead"/> allows, or waits for a task.
/// </summary>
internal sealed class LargeRequests : IDisposable
{
    /// <summary>Bodies with more bytes need a turn.</summary>
    public const int Large = 1024 * 1024;

    private const int AtOnce = 8;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(60);
    private static readonly SemaphoreSlim Turns = new(AtOnce);

    private readonly CancellationTokenSource _slow;
    private int _done;

    private LargeRequests(TimeProvider time) => _slow = new CancellationTokenSource(LongestRead, time);

    /// <summary>Cancelled when the body has taken too long to come.</summary>
    public CancellationToken TooSlow => _slow.Token;

    /// <summary>Waits for a turn, which ends with the response, or with <see cref="Done"/>.</summary>
    /// <exception cref="TimeoutException">Too many others have a turn, or wait for one.</exception>
    public static async Task<LargeRequests> TakeTurnAsync(HttpContext http)
    {
        if (!await Turns.WaitAsync(LongestWait, http.RequestAborted))
            throw new TimeoutException("Too many large requests at once.");
        var turn = new LargeRequests(http.RequestServices.GetRequiredService<TimeProvider>());
        http.Response.RegisterForDispose(turn);
        http.Items[typeof(LargeRequests)] = turn;
        return turn;
    }

    /// <summary>The content of the request's body is stored: whatever is waited for now needs no memory.</summary>
    public static void Done(HttpContext http) => (http.Items[typeof(LargeRequests)] as LargeRequests)?.Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _done, 1) != 0)
            return;
        _slow.Dispose();
        Turns.Release();
    }
}
