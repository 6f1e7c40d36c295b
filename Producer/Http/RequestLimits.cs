using Messaging.Contracts.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Messaging.Producer.Http;

/// <summary>
/// How long an address and how large header fields may be. The HTTP server itself cuts off in silence what it can't read, so it reads a little more than
/// is allowed, and what is too large gets an answer that says so.
/// </summary>
internal static class RequestLimits
{
    /// <summary>The longest path with its query, in bytes.</summary>
    public const int MostAddress = 8 * 1024;

    /// <summary>The largest header fields together, in bytes.</summary>
    public const int MostHeaderBytes = 32 * 1024;

    /// <summary>The most header fields.</summary>
    public const int MostHeaders = 100;

    private const int Room = 8;

    /// <summary>Lets the server read more than is allowed.</summary>
    public static void Set(KestrelServerOptions server)
    {
        server.Limits.MaxRequestLineSize = MostAddress * Room;
        server.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes * Room;
        server.Limits.MaxRequestHeaderCount = MostHeaders * Room;
    }

    /// <summary>Puts the limits in front of the actions.</summary>
    public static void Use(WebApplication app) => app.Use((http, next) => Check(http.Request) is { } problem ? RefuseAsync(http, problem) : next(http));

    private static Problem? Check(HttpRequest request)
    {
        if ((request.Path.Value?.Length ?? 0) + (request.QueryString.Value?.Length ?? 0) > MostAddress)
            return Problems.UriTooLong();
        var count = 0;
        var bytes = 0L;
        foreach (var (name, values) in request.Headers)
        {
            foreach (var value in values)
            {
                count++;
                bytes += name.Length + (value?.Length ?? 0) + 4;
            }
        }

        return count > MostHeaders ? Problems.HeadersTooLarge($"There are {count} header fields; at most {MostHeaders} are read.")
            : bytes > MostHeaderBytes ? Problems.HeadersTooLarge($"The header fields have {bytes} bytes; at most {MostHeaderBytes} are read.")
            : null;
    }

    private static async Task RefuseAsync(HttpContext http, Problem problem)
    {
        if (http.Request.ContentLength is > 0 || http.Request.Headers.TransferEncoding.Count > 0)
            await RequestBody.ReadAwayAsync(http);
        await new ProblemResult(problem).ExecuteAsync(http);
    }
}
