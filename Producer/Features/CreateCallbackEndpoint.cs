using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/callback-endpoints</c> <c>{name, url, events?, secret?, reason?}</c>: registers a receiver of callbacks that tasks name. 201 with the endpoint, whose
/// <c>secret</c> nobody can read again; 409 if the name is taken.
/// </summary>
internal static class CreateCallbackEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/callback-endpoints", HandleAsync).AnswersJson().Needs(ApiScopes.Admin)
        .Describe("createCallbackEndpoint", ApiTags.Callbacks, "Register a receiver", o => o
            .Says("Tasks name it: `\"callback\": {\"endpoint\": \"shop\"}`. Its callbacks are signed with its own secret.")
            .Takes<CallbackEndpointBody>("The endpoint.", CallbackExamples.NewEndpoint)
            .Gives<CallbackEndpointResponse>(201, "It is registered. Nobody can read its `secret` again.", CallbackExamples.MadeEndpoint, ApiHeaders.Location)
            .Leads("getCallbackEndpoint", "name", "$response.body#/name").Leads("testCallbackEndpoint", "name", "$response.body#/name")
            .Calls(WebhookWriter.TaskEnded, "{$request.body#/url}").Calls(WebhookWriter.CallbackTest, "{$request.body#/url}")
            .Refuses(ProblemTypes.InvalidValue, ProblemTypes.CallbackEndpointExists, ProblemTypes.TooManyCallbackEndpoints));

    private static async Task<Results<JsonHttpResult<CallbackEndpointResponse>, ProblemResult>> HandleAsync(
        HttpContext http, EndpointStore endpoints, IOptions<CallbackOptions> options)
    {
        var (wanted, problem) = await CallbackEndpointRequest.ReadAsync(http, options.Value);
        if (wanted is null)
            return new ProblemResult(problem!);
        switch (await endpoints.CreateAsync(wanted.Name, wanted.Url, wanted.Events, wanted.Secret, http.OnBehalf(wanted.Reason), http.RequestAborted))
        {
            case EndpointAnswer.Exists:
                return new ProblemResult(CallbackProblems.EndpointExists(wanted.Name));
            case EndpointAnswer.TooMany:
                return new ProblemResult(CallbackProblems.TooMany("endpoints", EndpointStore.MostEndpoints));
        }

        if (await endpoints.FindAsync(wanted.Name, http.RequestAborted) is not { } made)
            return new ProblemResult(CallbackProblems.UnknownEndpoint(wanted.Name, StatusCodes.Status404NotFound)); // deleted by now
        http.Response.Headers.Location = $"/v1/callback-endpoints/{made.Name}";
        return CallbackResponses.Answer(http.Response, CallbackResponses.Of(made, wanted.Secret), StatusCodes.Status201Created);
    }
}
