using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Store;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>DELETE /v1/keys/{id}?reason=</c>: revokes an API key, for good. 204, also if it was revoked before. From here on it does not work in
/// this process, and in no other after <see cref="KeyCatalog.LongestAge"/>.
/// </summary>
internal static class RevokeKey
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/keys/{id}", HandleAsync).Needs(ApiScopes.Admin)
        .Describe("revokeKey", ApiTags.Access, "Revoke an API key", o => o
            .Says("For good. It stops working at once in this process, and in every other within 5 seconds; so do the event streams that were opened with it.")
            .Path("id", Shape.Text, "The part of the key behind `msg_`.")
            .Query("reason", Shape.Reason, "Why; it goes into the audit log.")
            .Gives(204, "It is revoked, also if it had been before.", null)
            .Refuses(ProblemTypes.UnknownKey));

    private static async Task<Results<NoContent, ProblemResult>> HandleAsync(
        string id, HttpContext http, KeyStore keys, KeyCatalog catalog, ILogger<KeyCatalog> log)
    {
        var (reason, problem) = ActionReason.OfQuery(http.Request);
        if (problem is not null)
            return new ProblemResult(problem);
        if (!KeySecret.IsId(id) || !await keys.RevokeAsync(id, http.OnBehalf(reason), http.RequestAborted))
            return new ProblemResult(Problems.UnknownKey());
        try
        {
            await catalog.RefreshAsync(CancellationToken.None);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e) || e is OperationCanceledException)
        {
            // It is revoked; this process learns of it like the others.
            log.LedgerAway(http.Request.Method, http.Request.Path, e.Message);
        }

        return TypedResults.NoContent();
    }
}
