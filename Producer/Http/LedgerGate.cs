namespace Messaging.Producer.Http;

/// <summary>Answers 503 for everything but the health while the ledger was never there since the start: without it there is no clock, no kind, no schema.</summary>
internal static class LedgerGate
{
    /// <summary>Puts the gate in front of the actions.</summary>
    public static void Use(WebApplication app) => app.Use((http, next) =>
        http.RequestServices.GetRequiredService<StartBehindServer>().IsReady || http.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
            ? next(http)
            : AwayAsync(http));

    private static async Task AwayAsync(HttpContext http)
    {
        // A client that is still sending would not see the answer.
        if (http.Request.ContentLength is > 0 || http.Request.Headers.TransferEncoding.Count > 0)
            await RequestBody.ReadAwayAsync(http);
        await new ProblemResult(Problems.LedgerUnavailable()).ExecuteAsync(http);
    }
}
