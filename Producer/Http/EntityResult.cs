using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Messaging.Producer.Http;

/// <summary>
/// Answers with JSON and its <c>ETag</c>, and with 304 whoever has it already (<c>If-None-Match</c>). The tag is a hash of the very bytes
/// that are sent, so it is a strong one (RFC 9110, section 8.8.1): the same tag, the same bytes.
/// </summary>
internal sealed class EntityResult(ReadOnlyMemory<byte> json) : IResult, IStatusCodeHttpResult
{
    /// <summary>How such an answer is asked for; with HEAD the server sends the header fields alone.</summary>
    public static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public int? StatusCode => StatusCodes.Status200OK;

    /// <summary>The tag of an answer.</summary>
    public static EntityTagHeaderValue TagOf(ReadOnlySpan<byte> json) => new($"\"{Base64Url.EncodeToString(SHA256.HashData(json).AsSpan(0, 16))}\"");

    /// <summary>False if the request has an <c>If-Match</c> that names another; one that can't be read names none.</summary>
    public static bool IsExpected(HttpRequest request, EntityTagHeaderValue tag) =>
        request.Headers.IfMatch.Count == 0 || Matches(request.GetTypedHeaders().IfMatch, tag, strongly: true);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        var tag = TagOf(json.Span);
        response.Headers.ETag = tag.ToString();
        response.Headers.CacheControl = "no-store";
        var conditions = request.GetTypedHeaders();
        if (!IsExpected(request, tag))
        {
            await new ProblemResult(Problems.OfStatus(StatusCodes.Status412PreconditionFailed)).ExecuteAsync(httpContext);
        }
        else if (conditions.IfNoneMatch is { Count: > 0 } known && Matches(known, tag, strongly: false))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
        }
        else
        {
            response.ContentType = "application/json";
            response.ContentLength = json.Length;
            await response.BodyWriter.WriteAsync(json, httpContext.RequestAborted);
        }
    }

    private static bool Matches(IList<EntityTagHeaderValue> tags, EntityTagHeaderValue tag, bool strongly) =>
        tags.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Compare(tag, strongly));
}
