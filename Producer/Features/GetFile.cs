using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/files/{id}/info</c>: what a file is, without its bytes.</summary>
internal static class GetFile
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/files/{id}/info", HandleAsync).Needs(ApiScopes.Read)
        .Describe("getFile", ApiTags.Files, "Look at a file", o => o
            .Path("id", Shape.Uuid, "The file.")
            .Gives<FileResponse>(200, "What it is, without its bytes.", Examples.File)
            .Refuses(ProblemTypes.UnknownFile));

    private static async Task<Results<JsonHttpResult<FileResponse>, ProblemResult>> HandleAsync(string id, HttpContext http, FileStore files)
    {
        if (!TaskIds.TryParse(id, out var fileId, out var notAnId))
            return notAnId;
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        if (await files.FindAsync(fileId, http.RequestAborted) is not { } file)
            return new ProblemResult(Problems.UnknownFile(fileId));
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(FileResponses.Of(file), HttpJson.Options);
    }
}
