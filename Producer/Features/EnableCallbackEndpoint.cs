using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/callback-endpoints/{name}/enable</c> <c>{reason?}</c>: sends to an endpoint again, whoever disabled it. 200 with the endpoint, also if it was enabled before.
/// </summary>
internal static class EnableCallbackEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/callback-endpoints/{name}/enable", HandleAsync).AnswersJson().Needs(ApiScopes.Operate)
        .Describe("enableCallbackEndpoint", ApiTags.Callbacks, "Send to a receiver again", o => o
            .Says("Whoever disabled it: a person, or its own 410.")
            .OfEndpoint()
            .TakesReason()
            .Gives<CallbackEndpointResponse>(200, "It is enabled, also if it had been before.", CallbackExamples.Endpoint)
            .Refuses(ProblemTypes.InvalidValue));

    private static async Task<Results<JsonHttpResult<CallbackEndpointResponse>, ProblemResult>> HandleAsync(
        string name, HttpContext http, EndpointStore endpoints)
    {
        var (reason, problem) = await ActionReason.ReadAsync(http);
        if (problem is not null)
            return new ProblemResult(problem);
        var answer = await endpoints.EnableAsync(name, http.OnBehalf(reason), http.RequestAborted);
        return await CallbackAnswers.AnswerAsync(http, name, answer, endpoints);
    }
}
