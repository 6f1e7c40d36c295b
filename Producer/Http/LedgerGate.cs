namespace Messaging.Producer.Http;

/// <summary>
/// Answers 503 for everything but the health and the API's document while the ledger was never there since the start: without it there is no clock, no kind, no schema.
/// Who comes back for an event stream waits instead: his <c>EventSource</c> would take an error for the end.
/// </summary>
internal static class LedgerGate
{
    private static readonly TimeSpan StreamPatience = TimeSpan.FromSeconds(20);

    /// <summary>Puts the gate in front of the actions.</summary>
    public static void Use(WebApplication app) => app.Use((http, next) =>
    {
        var parts = http.RequestServices.GetRequiredService<StartBehindServer>();
        return parts.IsReady || NeedsNoLedger(http.Request.Path) ? next(http)
            : EventIds.IsReconnect(http.Request) ? WaitAsync(http, next, parts)
            : AwayAsync(http);
    });

    private static bool NeedsNoLedger(PathString path) =>
        path.StartsWithSegments("/health", StringComparison.Ordinal) || path.StartsWithSegments("/openapi", StringComparison.Ordinal);

    private static async Task WaitAsync(HttpContext http, RequestDelegate next, StartBehindServer parts)
    {
        await Task.WhenAny(parts.Starting, Task.Delay(StreamPatience, http.RequestServices.GetRequiredService<TimeProvider>(), http.RequestAborted));
        if (parts.IsReady)
            await next(http);
        else
            http.Abort(); // a cut connection makes it try again
    }

    private static async Task AwayAsync(HttpContext http)
    {
        // A client that is still sending would not see the answer.
        if (http.Request.ContentLength is > 0 || http.Request.Headers.TransferEncoding.Count > 0)
            await RequestBody.ReadAwayAsync(http);
        await new ProblemResult(Problems.LedgerUnavailable()).ExecuteAsync(http);
    }
}
