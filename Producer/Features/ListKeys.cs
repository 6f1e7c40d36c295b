using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/keys?after=&amp;limit=</c>: the API keys, newest first, revoked and expired ones too; never their secrets.</summary>
internal static class ListKeys
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/keys", HandleAsync).Needs(ApiScopes.Admin)
        .Describe("listKeys", ApiTags.Access, "List API keys", o => o
            .Says("Newest first, revoked and expired ones too; never their secrets.")
            .Pages(Shape.Text)
            .Gives<Page<KeyResponse>>(200, "A page.", new Page<KeyResponse>([Examples.Key]), ApiHeaders.Link));

    private static async Task<Results<JsonHttpResult<Page<KeyResponse>>, ProblemResult>> HandleAsync(HttpContext http, KeyStore keys)
    {
        var query = new QueryReader(http.Request.Query, "after", "limit");
        var after = query.Text("after", KeySecret.IsId, "the id of a key");
        var limit = query.Limit();
        if (query.Problem is { } problem)
            return new ProblemResult(problem);
        var found = await keys.ListAsync(after, limit + 1, http.RequestAborted);
        return Paging.Answer(http, found, limit, key => key.Id, key => KeyResponses.Of(key));
    }
}
