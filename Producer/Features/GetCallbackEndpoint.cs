using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/callback-endpoints/{name}</c>: an endpoint, without its secrets.</summary>
internal static class GetCallbackEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/callback-endpoints/{name}", HandleAsync).AnswersJson().Needs(ApiScopes.Read)
        .Describe("getCallbackEndpoint", ApiTags.Callbacks, "Look at a receiver", o => o
            .OfEndpoint()
            .Gives<CallbackEndpointResponse>(200, "The endpoint, without its secrets.", CallbackExamples.Endpoint));

    private static async Task<Results<JsonHttpResult<CallbackEndpointResponse>, ProblemResult>> HandleAsync(
        string name, HttpContext http, EndpointStore endpoints) =>
        new QueryReader(http.Request.Query).Problem is { } problem
            ? new ProblemResult(problem)
            : await CallbackAnswers.AnswerAsync(http, name, EndpointAnswer.Done, endpoints);
}
