using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/callback-endpoints/{name}/test</c> <c>{reason?}</c>: has a callback of type <c>callback.test</c> sent to an endpoint, once, also if it is disabled. 202 with the
/// delivery; <c>Prefer: wait=N</c> waits for its end, 200.
/// </summary>
internal static class TestCallbackEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/callback-endpoints/{name}/test", HandleAsync).AnswersJson().Needs(ApiScopes.Operate)
        .Describe("testCallbackEndpoint", ApiTags.Callbacks, "Try a receiver", o => o
            .Says("Has a callback of type `callback.test` sent to it, once, also if it is disabled.")
            .OfEndpoint()
            .Prefers()
            .TakesReason()
            .Gives<CallbackDeliveryResponse>(200, "With `Prefer: wait`: it has ended.", CallbackExamples.Sent, ApiHeaders.Location, ApiHeaders.PreferenceApplied)
            .Gives<CallbackDeliveryResponse>(202, "It is on its way.", CallbackExamples.Waiting, ApiHeaders.Location, ApiHeaders.PreferenceApplied)
            .Refuses(ProblemTypes.InvalidValue));

    private static async Task<Results<JsonHttpResult<CallbackDeliveryResponse>, ProblemResult>> HandleAsync(
        string name, HttpContext http, EndpointStore endpoints, CallbackDeliveries deliveries, TaskWaits waits)
    {
        var (reason, problem) = await ActionReason.ReadAsync(http);
        if (problem is not null)
            return new ProblemResult(problem);
        if (await endpoints.TestAsync(name, http.OnBehalf(reason), http.RequestAborted) is not { } sender)
            return new ProblemResult(CallbackProblems.UnknownEndpoint(name, StatusCodes.Status404NotFound));
        return await CallbackAnswers.AnswerAsync(http, sender, sender, deliveries, waits);
    }
}
