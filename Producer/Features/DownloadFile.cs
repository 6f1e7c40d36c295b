using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET</c> and <c>HEAD /v1/files/{id}</c>: the bytes of a file, whole or a range of them (RFC 9110: 206, 416, If-Range; several ranges are
/// answered with the whole), with a strong ETag and <c>Repr-Digest</c> (RFC 9530).
/// </summary>
internal static class DownloadFile
{
    private static readonly string[] FileHeaders =
        [ApiHeaders.ETag, ApiHeaders.ReprDigest, ApiHeaders.ContentDigest, ApiHeaders.ContentDisposition];

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods("/v1/files/{id}", [HttpMethods.Get, HttpMethods.Head], HandleAsync).Needs(ApiScopes.Read)
        .Describe("downloadFile", ApiTags.Files, "Download a file", o => o
            .Path("id", Shape.Uuid, "The file.")
            .Header("Range", Shape.Text, "`bytes=0-1023`: one range (RFC 9110, section 14.2); several are answered with the whole.")
            .Header("If-Range", Shape.Text, "The range only if the file has this `ETag`, else the whole.")
            .Conditions()
            .Gives(200, "The whole file.", new Content("*/*", Shape.Bytes), FileHeaders)
            .Gives(206, "The range.", new Content("*/*", Shape.Bytes), [.. FileHeaders, ApiHeaders.ContentRange])
            .Gives(304, "It is as `If-None-Match` says.", null, FileHeaders)
            .Refuses(ProblemTypes.UnknownFile, ProblemTypes.RangeNotSatisfiable));

    private static async Task<IResult> HandleAsync(string id, HttpContext http, FileStore files)
    {
        if (!TaskIds.TryParse(id, out var fileId, out var notAnId))
            return notAnId;
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        if (await files.FindAsync(fileId, http.RequestAborted) is not { } file)
            return new ProblemResult(Problems.UnknownFile(fileId));

        var headers = http.Response.Headers;
        headers.CacheControl = "private, no-cache";
        headers[Digests.Repr] = Digests.Of(file.Sha256);
        // Whoever uploaded it chose its type: no browser may run it as a page of ours.
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        if (file.Name is null)
            headers.ContentDisposition = "attachment";
        // The framework takes every unit for bytes; those that are not known are to be ignored (RFC 9110, 14.2).
        if (!http.Request.Headers.Range.ToString().StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
            http.Request.Headers.Remove(HeaderNames.Range);
        if (HttpMethods.IsGet(http.Request.Method))
            http.Response.OnStarting(AddContentDigest, http.Response);
        return new Download(TypedResults.Stream(
            files.OpenRead(file),
            // Of older versions' uploads some can't be said.
            FileResponses.CanBeSent(file.MediaType) ? file.MediaType : FileResponses.UnknownType,
            file.Name,
            // To the second, as HTTP has it.
            DateTimeOffset.FromUnixTimeSeconds(file.CreatedAt.ToUnixTimeSeconds()),
            new EntityTagHeaderValue(FileResponses.ETag(file)),
            enableRangeProcessing: true));
    }

    /// <summary>The framework's answer, with a problem where it says no.</summary>
    private sealed class Download(FileStreamHttpResult file) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await file.ExecuteAsync(httpContext);
            var response = httpContext.Response;
            if (response.HasStarted || response.StatusCode < StatusCodes.Status400BadRequest)
                return;
            response.ContentLength = null;
            response.Headers.Remove(HeaderNames.ContentDisposition);
            response.Headers.Remove(Digests.Repr);
            await new ProblemResult(Problems.OfStatus(response.StatusCode)).ExecuteAsync(httpContext);
        }
    }

    /// <summary>The digest of what is sent is known only if it is the whole.</summary>
    private static Task AddContentDigest(object state)
    {
        var response = (HttpResponse)state;
        if (response.StatusCode == StatusCodes.Status200OK)
            response.Headers[Digests.Content] = response.Headers[Digests.Repr];
        return Task.CompletedTask;
    }
}
