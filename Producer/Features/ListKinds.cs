using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.Kinds;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/kinds</c>: every kind that a worker has registered, with its schemas, by name.</summary>
internal static class ListKinds
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/kinds", Handle).Needs(ApiScopes.Read)
        .Describe("listKinds", ApiTags.Catalogue, "List the kinds", o => o
            .Gives<Page<KindResponse>>(200, "Every kind that a worker has registered, with its schemas, by name.", new Page<KindResponse>([Examples.Kind])));

    /// <summary>Shows a kind.</summary>
    public static KindResponse Show(RegisteredKind kind) => new(
        kind.Description.Name,
        kind.Description.Description,
        kind.Description.Queue,
        kind.Description.Timeout,
        kind.Description.Retry,
        kind.MeanRun,
        new RawJson(System.Text.Encoding.UTF8.GetBytes(kind.Description.InputSchema)),
        new RawJson(System.Text.Encoding.UTF8.GetBytes(kind.Description.ResultSchema)));

    private static Results<JsonHttpResult<Page<KindResponse>>, ProblemResult> Handle(HttpContext http, KindCatalog kinds)
    {
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        var items = kinds.All.OrderBy(k => k.Description.Name, StringComparer.Ordinal).Select(Show);
        return TypedResults.Json(new Page<KindResponse>([.. items]), HttpJson.Options);
    }
}
