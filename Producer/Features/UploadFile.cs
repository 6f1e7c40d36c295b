using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/files</c>: the body is the file, stored as it streams in. 201, <c>Location</c>, ETag and <c>Repr-Digest</c>. With
/// <c>Content-Digest: sha-256=:…:</c> the bytes are compared with it. An upload that is cut leaves nothing.
/// </summary>
internal static class UploadFile
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/files", HandleAsync).Needs(ApiScopes.Submit)
        .Describe("uploadFile", ApiTags.Files, "Upload a file", o => o
            .Says("The body is the file, stored as it streams in. An upload that is cut leaves nothing.")
            .Header("Content-Disposition", Shape.Text, "`attachment; filename=\"report.csv\"`: the file's name.")
            .Header("Content-Digest", Shape.Text, "`sha-256=:…:` (RFC 9530): compared with what came.")
            .Header("Repr-Digest", Shape.Text, "The same.")
            .Takes("The file.", required: true, new Content("*/*", Shape.Bytes))
            .Gives<FileResponse>(201, "It is stored.", Examples.File, ApiHeaders.Location, ApiHeaders.ETag, ApiHeaders.ReprDigest)
            .Leads("downloadFile").Leads("getFile")
            .Refuses(ProblemTypes.DigestMismatch, ProblemTypes.NoRoom));

    private static async Task<Results<JsonHttpResult<FileResponse>, ProblemResult>> HandleAsync(
        HttpContext http, FileStore files, IOptions<FileStoreOptions> options)
    {
        if (new QueryReader(http.Request.Query).Problem is { } parameter)
            return new ProblemResult(parameter);
        var (file, problem) = UploadHeaders.Read(http.Request, options.Value.MediaTypes);
        var most = options.Value.MaxBytes;
        if (problem is null && http.Request.ContentLength > most)
            problem = Problems.TooLarge("The file", most);
        if (file is null || problem is not null)
            return await RefuseAsync(http, problem!);

        StoredFile stored;
        try
        {
            stored = await files.WriteAsync(file, http.Request.BodyReader, most, http.RequestAborted);
        }
        catch (FileTooLargeException e)
        {
            return await RefuseAsync(http, Problems.TooLarge("The file", e.Most));
        }
        catch (FilesFullException e)
        {
            return await RefuseAsync(http, Problems.NoRoom(e.Most));
        }
        catch (FileDigestException e)
        {
            return new ProblemResult(Problems.DigestMismatch(e.Message));
        }

        var headers = http.Response.Headers;
        headers.Location = FileLinks.Of(stored.Id).Self;
        headers.ETag = FileResponses.ETag(stored);
        headers[Digests.Repr] = Digests.Of(stored.Sha256);
        headers.CacheControl = "no-store";
        return TypedResults.Json(FileResponses.Of(stored), HttpJson.Options, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>Reads a small rest away, so that the client sees the answer; of a large one it gets to see only the end of the connection, or the answer.</summary>
    private static async Task<ProblemResult> RefuseAsync(HttpContext http, Problem problem)
    {
        if (http.Request.ContentLength is null or <= RequestBody.MostReadAway)
            await RequestBody.ReadAwayAsync(http);
        else
            http.Response.Headers.Connection = "close";
        return new ProblemResult(problem);
    }
}
