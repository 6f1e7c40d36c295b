using Messaging.Contracts.Http;
using Messaging.Infrastructure.Operations;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/operations?after=&amp;limit=</c>: operations, newest first; those that ended 30 days ago are forgotten.</summary>
internal static class ListOperations
{
    private const int DefaultLimit = 50;
    private const int LargestLimit = 1000;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/operations", HandleAsync).Needs(ApiScopes.Read)
        .Describe("listOperations", ApiTags.DeadLetters, "List operations", o => o
            .Says("Newest first; those that ended 30 days ago are forgotten.")
            .Pages(Shape.Uuid)
            .Gives<Page<OperationResponse>>(200, "A page.", new Page<OperationResponse>([Examples.Operation]), ApiHeaders.Link));

    private static async Task<Results<JsonHttpResult<Page<OperationResponse>>, ProblemResult>> HandleAsync(HttpContext http, OperationStore operations)
    {
        var query = new QueryReader(http.Request.Query, "after", "limit");
        var after = query.Id("after");
        var limit = query.Integer("limit", 1, LargestLimit, DefaultLimit);
        if (query.Problem is { } problem)
            return new ProblemResult(problem);
        var found = await operations.ListAsync(after, limit + 1, http.RequestAborted);
        var next = found.Count > limit ? found[limit - 1].Id.ToString() : null;
        http.Response.Headers.CacheControl = "no-store";
        if (next is not null)
            http.Response.Headers.Link = $"</v1/operations?limit={limit}&after={next}>; rel=\"next\"";
        return TypedResults.Json(new Page<OperationResponse>([.. found.Take(limit).Select(OperationResponses.Of)], next), HttpJson.Options);
    }
}
