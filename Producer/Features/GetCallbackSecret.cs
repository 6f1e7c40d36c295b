using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/callback-secret?reason=</c>: what signs callbacks to addresses that brought no secret of their own. The only secret that can be read again: nobody registered
/// these receivers. The audit log says who has.
/// </summary>
internal static class GetCallbackSecret
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/callback-secret", HandleAsync).AnswersJson().Needs(ApiScopes.Admin)
        .Describe("getCallbackSecret", ApiTags.Callbacks, "Read the secret of addresses", o => o
            .Says("What signs callbacks to addresses that brought no secret of their own. Who reads it stands in the audit log.")
            .Query("reason", Shape.Reason, "Why; it goes into the audit log.")
            .Gives<CallbackSecretsResponse>(200, "All that sign, newest first.", CallbackExamples.Secrets));

    private static async Task<Results<JsonHttpResult<CallbackSecretsResponse>, ProblemResult>> HandleAsync(HttpContext http, EndpointStore endpoints)
    {
        var (reason, problem) = ActionReason.OfQuery(http.Request);
        return problem is not null
            ? new ProblemResult(problem)
            : CallbackResponses.Answer(
                http.Response, CallbackResponses.Of(await endpoints.ShowSecretsOfUrlsAsync(http.OnBehalf(reason), http.RequestAborted)));
    }
}
