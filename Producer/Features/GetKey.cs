using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/keys/{id}</c>: an API key, without its secret.</summary>
internal static class GetKey
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/keys/{id}", HandleAsync).Needs(ApiScopes.Admin)
        .Describe("getKey", ApiTags.Access, "Look at an API key", o => o
            .Path("id", Shape.Text, "The part of the key behind `msg_`.")
            .Gives<KeyResponse>(200, "The key without its secret.", Examples.Key)
            .Refuses(ProblemTypes.UnknownKey));

    private static async Task<Results<JsonHttpResult<KeyResponse>, ProblemResult>> HandleAsync(string id, HttpContext http, KeyStore keys)
    {
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        if (!KeySecret.IsId(id) || await keys.FindAsync(id, http.RequestAborted) is not { } key)
            return new ProblemResult(Problems.UnknownKey());
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(KeyResponses.Of(key), HttpJson.Options);
    }
}
