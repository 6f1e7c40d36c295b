using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/keys</c> <c>{name, scopes, expiresAt?, expiresIn?, ratePerSecond?, reason?}</c>: makes an API key. 201 with the key, whose
/// <c>secret</c> nobody can read again. The first key must have the scope <c>admin</c>: from then on requests need one.
/// </summary>
internal static class CreateKey
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/keys", HandleAsync).Needs(ApiScopes.Admin)
        .Describe("createKey", ApiTags.Access, "Make an API key", o => o
            .Says("The first key must have the scope `admin`: from then on requests need one.")
            .Takes<KeyBody>("The key.", Examples.NewKey)
            .Gives<KeyResponse>(201, "It is made. Nobody can read its `secret` again.", Examples.MadeKey, ApiHeaders.Location)
            .Leads("getKey").Leads("revokeKey")
            .Refuses(ProblemTypes.InvalidValue, ProblemTypes.TooManyKeys));

    private static async Task<Results<JsonHttpResult<KeyResponse>, ProblemResult>> HandleAsync(
        HttpContext http, KeyStore keys, KeyCatalog catalog, LedgerClock clock, ILogger<KeyCatalog> log)
    {
        if (new QueryReader(http.Request.Query).Problem is { } parameter)
            return new ProblemResult(parameter);
        if (RequestBody.CheckType(http.Request, "application/json") is { } type)
            return new ProblemResult(type);
        if (await RequestBody.ReadAsync(http, KeyRequest.MaxBytes) is not { } body)
            return new ProblemResult(Problems.TooLarge("The body", KeyRequest.MaxBytes));
        var (wanted, reason, problem) = KeyRequest.Read(body, clock.Now);
        if (wanted is null)
            return new ProblemResult(problem!);

        var created = await keys.CreateAsync(wanted, http.OnBehalf(reason), http.RequestAborted);
        switch (created.Answer)
        {
            case CreateKeyAnswer.FirstMustBeAdmin:
                return new ProblemResult(Problems.InvalidValue(new ProblemError(
                    "The first key must have the scope 'admin': from then on requests need a key, and nobody could make another.", "#/scopes")));
            case CreateKeyAnswer.TooMany:
                return new ProblemResult(Problems.TooManyKeys());
        }

        try
        {
            await catalog.RefreshAsync(CancellationToken.None);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e) || e is OperationCanceledException)
        {
            // It is made; this process learns of it when it is used.
            log.LedgerAway(http.Request.Method, http.Request.Path, e.Message);
        }

        http.Response.Headers.Location = $"/v1/keys/{created.Key!.Id}";
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(KeyResponses.Of(created.Key, created.Secret), HttpJson.Options, statusCode: StatusCodes.Status201Created);
    }
}
