using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/callback-endpoints?after=&amp;limit=</c>: the endpoints in the order of their names, disabled ones too; never their secrets.</summary>
internal static class ListCallbackEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/callback-endpoints", HandleAsync).AnswersJson().Needs(ApiScopes.Read)
        .Describe("listCallbackEndpoints", ApiTags.Callbacks, "List receivers", o => o
            .Says("In the order of their names, disabled ones too; never their secrets.")
            .Pages(Shape.Text)
            .Gives<Page<CallbackEndpointResponse>>(200, "A page.", new Page<CallbackEndpointResponse>([CallbackExamples.Endpoint]), ApiHeaders.Link));

    private static async Task<Results<JsonHttpResult<Page<CallbackEndpointResponse>>, ProblemResult>> HandleAsync(HttpContext http, EndpointStore endpoints)
    {
        var query = new QueryReader(http.Request.Query, "after", "limit");
        var after = query.Text("after", Names.IsQueue, "the name of an endpoint");
        var limit = query.Limit();
        if (query.Problem is { } problem)
            return new ProblemResult(problem);
        var found = await endpoints.ListAsync(after ?? "", limit + 1, http.RequestAborted);
        return Paging.Answer(http, found, limit, endpoint => endpoint.Name, endpoint => CallbackResponses.Of(endpoint));
    }
}
