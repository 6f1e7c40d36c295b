using Messaging.Contracts.Http;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/kinds/{kind}</c>: one kind with its schemas.</summary>
internal static class GetKind
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/kinds/{kind}", HandleAsync).Needs(ApiScopes.Read)
        .Describe("getKind", ApiTags.Catalogue, "Look at a kind", o => o
            .Path("kind", Shape.Text, "Its name.")
            .Gives<KindResponse>(200, "The kind with its schemas.", Examples.Kind)
            .Refuses(ProblemTypes.UnknownKind, StatusCodes.Status404NotFound));

    private static async Task<Results<JsonHttpResult<KindResponse>, ProblemResult>> HandleAsync(string kind, HttpContext http, KnownKinds kinds)
    {
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        return await kinds.FindAsync(kind, http.RequestAborted) is { } known
            ? TypedResults.Json(ListKinds.Show(known), HttpJson.Options)
            : new ProblemResult(Problems.UnknownKind(kind, kinds.Names, StatusCodes.Status404NotFound));
    }
}
