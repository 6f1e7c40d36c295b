using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/callback-endpoints/{name}/rotate</c> <c>{secret?, keepOldFor?, reason?}</c>: gives an endpoint another secret, which only this answer shows. The one
/// before signs too for <c>keepOldFor</c> (a day), so that its receiver can change over in its own time.
/// </summary>
internal static class RotateCallbackEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/callback-endpoints/{name}/rotate", HandleAsync).AnswersJson().Needs(ApiScopes.Admin)
        .Describe("rotateCallbackEndpoint", ApiTags.Callbacks, "Give a receiver another secret", o => o
            .Says("The one before signs too for `keepOldFor`, so that the receiver can change over in its own time.")
            .OfEndpoint()
            .Takes<SecretRotationBody>("How; may be left out.", CallbackExamples.Rotation, required: false)
            .Gives<CallbackEndpointResponse>(200, "The endpoint with its new `secret`, which nobody can read again.", CallbackExamples.MadeEndpoint)
            .Refuses(ProblemTypes.InvalidValue, ProblemTypes.TooManyCallbackEndpoints));

    private static async Task<Results<JsonHttpResult<CallbackEndpointResponse>, ProblemResult>> HandleAsync(
        string name, HttpContext http, EndpointStore endpoints)
    {
        var (wanted, problem) = await CallbackEndpointRequest.ReadRotationAsync(http);
        if (wanted is null)
            return new ProblemResult(problem!);
        if (name.Length == 0)
            return new ProblemResult(CallbackProblems.UnknownEndpoint(name, StatusCodes.Status404NotFound));
        var answer = await endpoints.RotateAsync(name, wanted.Secret, wanted.KeepOld, http.OnBehalf(wanted.Reason), http.RequestAborted);
        if (answer == EndpointAnswer.TooMany)
            return new ProblemResult(CallbackProblems.TooMany("secrets of an endpoint at a time", EndpointStore.MostSecrets));
        return await CallbackAnswers.AnswerAsync(http, name, answer, endpoints, wanted.Secret);
    }
}
