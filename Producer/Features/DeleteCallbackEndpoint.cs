using Messaging.Contracts.Http;
using Messaging.Infrastructure.Callbacks;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>DELETE /v1/callback-endpoints/{name}?reason=</c>: forgets an endpoint with its secrets. 204. Callbacks that are still on their way to it fail.</summary>
internal static class DeleteCallbackEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/callback-endpoints/{name}", HandleAsync).Needs(ApiScopes.Admin)
        .Describe("deleteCallbackEndpoint", ApiTags.Callbacks, "Forget a receiver", o => o
            .Says("With its secrets. Callbacks that are still on their way to it fail.")
            .OfEndpoint()
            .Query("reason", Shape.Reason, "Why; it goes into the audit log.")
            .Gives(204, "It is gone.", null));

    private static async Task<Results<NoContent, ProblemResult>> HandleAsync(string name, HttpContext http, EndpointStore endpoints)
    {
        var (reason, problem) = ActionReason.OfQuery(http.Request);
        if (problem is not null)
            return new ProblemResult(problem);
        return await endpoints.DeleteAsync(name, http.OnBehalf(reason), http.RequestAborted) == EndpointAnswer.Done
            ? TypedResults.NoContent()
            : new ProblemResult(CallbackProblems.UnknownEndpoint(name, StatusCodes.Status404NotFound));
    }
}
