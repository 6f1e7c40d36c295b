using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>PATCH /v1/callback-endpoints/{name}?reason=</c> <c>{url?, events?}</c>: changes an endpoint (JSON Merge Patch, RFC 7396). Callbacks that are on their
/// way go to the new address with their next attempt. 200 with the endpoint, also if nothing is different.
/// </summary>
internal static class ChangeCallbackEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPatch("/v1/callback-endpoints/{name}", HandleAsync).AnswersJson().Needs(ApiScopes.Admin)
        .Describe("changeCallbackEndpoint", ApiTags.Callbacks, "Change a receiver", o => o
            .Says("A JSON Merge Patch (RFC 7396): what is not in it stays. Callbacks that are on their way go to the new `url` with their next attempt; `events` holds for tasks that end from now on.")
            .OfEndpoint()
            .Query("reason", Shape.Reason, "Why; it goes into the audit log.")
            .Takes(
                "What is different from now on.",
                required: true,
                new Content(MergePatch.MediaType, Shape.Of<CallbackEndpointPatch>(), CallbackExamples.Patch),
                new Content("application/json", Shape.Of<CallbackEndpointPatch>(), CallbackExamples.Patch))
            .Gives<CallbackEndpointResponse>(200, "The endpoint as it is now.", CallbackExamples.Endpoint)
            .Refuses(ProblemTypes.InvalidValue));

    private static async Task<Results<JsonHttpResult<CallbackEndpointResponse>, ProblemResult>> HandleAsync(
        string name, HttpContext http, EndpointStore endpoints, IOptions<CallbackOptions> options)
    {
        var (reason, parameter) = ActionReason.OfQuery(http.Request);
        if (parameter is not null)
            return new ProblemResult(parameter);
        var (change, problem) = await CallbackEndpointRequest.ReadChangeAsync(http, options.Value);
        if (change is null)
            return new ProblemResult(problem!);
        var answer = await endpoints.ChangeAsync(name, change, http.OnBehalf(reason), http.RequestAborted);
        return await CallbackAnswers.AnswerAsync(http, name, answer, endpoints);
    }
}
