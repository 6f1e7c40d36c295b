using Messaging.Contracts.Http;
using Messaging.Infrastructure.Files;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/files?after=&amp;limit=</c>: what was uploaded, newest first. Inputs and results are found by their tasks.</summary>
internal static class ListFiles
{
    private const int DefaultLimit = 50;
    private const int LargestLimit = 1000;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/files", HandleAsync).Needs(ApiScopes.Read)
        .Describe("listFiles", ApiTags.Files, "List uploads", o => o
            .Says("Newest first. Inputs and results are found by their tasks.")
            .Pages(Shape.Uuid)
            .Gives<Page<FileResponse>>(200, "A page.", new Page<FileResponse>([Examples.File]), ApiHeaders.Link));

    private static async Task<Results<JsonHttpResult<Page<FileResponse>>, ProblemResult>> HandleAsync(HttpContext http, FileStore files)
    {
        var query = new QueryReader(http.Request.Query, "after", "limit");
        var after = query.Id("after");
        var limit = query.Integer("limit", 1, LargestLimit, DefaultLimit);
        if (query.Problem is { } problem)
            return new ProblemResult(problem);
        var found = await files.ListAsync(after, limit + 1, http.RequestAborted);
        var next = found.Count > limit ? found[limit - 1].Id.ToString() : null;
        http.Response.Headers.CacheControl = "no-store";
        if (next is not null)
            http.Response.Headers.Link = $"</v1/files?limit={limit}&after={next}>; rel=\"next\"";
        return TypedResults.Json(new Page<FileResponse>([.. found.Take(limit).Select(FileResponses.Of)], next), HttpJson.Options);
    }
}
