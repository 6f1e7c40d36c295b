using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/callback-secret/rotate</c> <c>{secret?, keepOldFor?, reason?}</c>: gives the addresses that brought no secret of their own another one. The one before signs too
/// for <c>keepOldFor</c> (a day). 200 with all that sign.
/// </summary>
internal static class RotateCallbackSecret
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/callback-secret/rotate", HandleAsync).AnswersJson().Needs(ApiScopes.Admin)
        .Describe("rotateCallbackSecret", ApiTags.Callbacks, "Give addresses another secret", o => o
            .Says("The one before signs too for `keepOldFor`.")
            .Takes<SecretRotationBody>("How; may be left out.", CallbackExamples.Rotation, required: false)
            .Gives<CallbackSecretsResponse>(200, "All that sign, newest first.", CallbackExamples.Secrets)
            .Refuses(ProblemTypes.InvalidValue, ProblemTypes.TooManyCallbackEndpoints));

    private static async Task<Results<JsonHttpResult<CallbackSecretsResponse>, ProblemResult>> HandleAsync(HttpContext http, EndpointStore endpoints)
    {
        var (wanted, problem) = await CallbackEndpointRequest.ReadRotationAsync(http);
        if (wanted is null)
            return new ProblemResult(problem!);
        var by = http.OnBehalf(wanted.Reason);
        return await endpoints.RotateAsync(EndpointStore.OfUrls, wanted.Secret, wanted.KeepOld, by, http.RequestAborted) == EndpointAnswer.TooMany
            ? new ProblemResult(CallbackProblems.TooMany("secrets at a time", EndpointStore.MostSecrets))
            : CallbackResponses.Answer(http.Response, CallbackResponses.Of(await endpoints.ShowSecretsOfUrlsAsync(by, http.RequestAborted)));
    }
}
