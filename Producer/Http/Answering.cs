using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Messaging.Producer.Http;

/// <summary>The media types that an address answers with, problems aside.</summary>
/// <param name="Types">For instance <c>application/json</c>.</param>
internal sealed record Answering(params string[] Types)
{
    /// <summary>Refuses with 406 what an address that names its types can't answer as the header <c>Accept</c> wants it (RFC 9110, section 12.5.1).</summary>
    public static void Use(WebApplication app) => app.Use((http, next) =>
        http.GetEndpoint()?.Metadata.GetMetadata<Answering>() is { } answering
        && http.Request.Headers.Accept is { Count: > 0 } accept
        && !answering.Fits(accept)
            ? RefuseAsync(http, answering)
            : next(http));

    private static async Task RefuseAsync(HttpContext http, Answering answering)
    {
        // A client that is still sending would not see the answer.
        if (http.Request.ContentLength is > 0 || http.Request.Headers.TransferEncoding.Count > 0)
            await RequestBody.ReadAwayAsync(http);
        await new ProblemResult(Problems.NotAcceptable(answering.Types)).ExecuteAsync(http);
    }

    /// <summary>What can't be understood is as good as not there.</summary>
    private bool Fits(StringValues accept)
    {
        if (accept is ["*/*"] || !MediaTypeHeaderValue.TryParseList([.. accept.Select(line => line ?? "")], out var ranges) || ranges.Count == 0)
            return true;
        return Types.Any(type =>
        {
            // The most specific range decides.
            var offered = new MediaTypeHeaderValue(type);
            var best = ranges
                .Where(range => offered.IsSubsetOf(new MediaTypeHeaderValue(range.MediaType)))
                .OrderBy(range => range.MatchesAllTypes ? 2 : range.MatchesAllSubTypes ? 1 : 0)
                .FirstOrDefault();
            return best is not null && best.Quality != 0;
        });
    }
}

/// <summary>Says what addresses answer with.</summary>
internal static class AnsweringMetadata
{
    /// <summary>The address answers with JSON.</summary>
    public static RouteHandlerBuilder AnswersJson(this RouteHandlerBuilder route) => route.WithMetadata(new Answering("application/json"));

    /// <summary>The address answers with lines of JSON.</summary>
    public static RouteHandlerBuilder AnswersNdjson(this RouteHandlerBuilder route) =>
        route.WithMetadata(new Answering("application/x-ndjson", "application/ndjson"));
}
