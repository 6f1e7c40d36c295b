using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/callback-endpoints/{name}/disable</c> <c>{reason?}</c>: sends nothing to an endpoint from now on; callbacks to it fail and can be sent again later. 200 with the endpoint, also if it was disabled before.
/// </summary>
internal static class DisableCallbackEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/callback-endpoints/{name}/disable", HandleAsync).AnswersJson().Needs(ApiScopes.Operate)
        .Describe("disableCallbackEndpoint", ApiTags.Callbacks, "Send nothing to a receiver", o => o
            .Says("Callbacks to it fail from now on, and can be sent again later.")
            .OfEndpoint()
            .TakesReason()
            .Gives<CallbackEndpointResponse>(200, "It is disabled, also if it had been before.", CallbackExamples.Disabled)
            .Refuses(ProblemTypes.InvalidValue));

    private static async Task<Results<JsonHttpResult<CallbackEndpointResponse>, ProblemResult>> HandleAsync(
        string name, HttpContext http, EndpointStore endpoints)
    {
        var (reason, problem) = await ActionReason.ReadAsync(http);
        if (problem is not null)
            return new ProblemResult(problem);
        var answer = await endpoints.DisableAsync(name, http.OnBehalf(reason), http.RequestAborted);
        return await CallbackAnswers.AnswerAsync(http, name, answer, endpoints);
    }
}
