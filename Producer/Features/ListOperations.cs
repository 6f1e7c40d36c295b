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
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/operations", HandleAsync).Needs(ApiScopes.Read)
        .Describe("listOperations", ApiTags.DeadLetters, "List operations", o => o
            .Says("Newest first; those that ended 30 days ago are forgotten.")
            .Pages(Shape.Uuid)
            .Gives<Page<OperationResponse>>(200, "A page.", new Page<OperationResponse>([Examples.Operation]), ApiHeaders.Link));

    private static async Task<Results<JsonHttpResult<Page<OperationResponse>>, ProblemResult>> HandleAsync(HttpContext http, OperationStore operations)
    {
        var query = new QueryReader(http.Request.Query, "after", "limit");
        var after = query.Id("after");
        var limit = query.Limit();
        if (query.Problem is { } problem)
            return new ProblemResult(problem);
        var found = await operations.ListAsync(after, limit + 1, http.RequestAborted);
        return Paging.Answer(http, found, limit, operation => operation.Id.ToString(), OperationResponses.Of);
    }
}
