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
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/files", HandleAsync).Needs(ApiScopes.Read)
        .Describe("listFiles", ApiTags.Files, "List uploads", o => o
            .Says("Newest first. Inputs and results are found by their tasks.")
            .Pages(Shape.Uuid)
            .Gives<Page<FileResponse>>(200, "A page.", new Page<FileResponse>([Examples.File]), ApiHeaders.Link));

    private static async Task<Results<JsonHttpResult<Page<FileResponse>>, ProblemResult>> HandleAsync(HttpContext http, FileStore files)
    {
        var query = new QueryReader(http.Request.Query, "after", "limit");
        var after = query.Id("after");
        var limit = query.Limit();
        if (query.Problem is { } problem)
            return new ProblemResult(problem);
        var found = await files.ListAsync(after, limit + 1, http.RequestAborted);
        return Paging.Answer(http, found, limit, file => file.Id.ToString(), FileResponses.Of);
    }
}
