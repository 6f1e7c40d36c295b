using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/dead-letters/groups</c>, with the filter of the list and <c>limit</c>: dead letters by cause, the most numerous first. Looks at
/// the last 100,000 to fail at most, and says how far it came.
/// </summary>
internal static class GroupDeadLetters
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/dead-letters/groups", HandleAsync).Needs(ApiScopes.Read)
        .Describe("groupDeadLetters", ApiTags.DeadLetters, "Group dead letters by cause", o => o
            .Says("The most numerous first. Looks at the last 100,000 to fail at most, and says how far it came.")
            .DeadLetterFilter()
            .Query("limit", Shape.Integer(1, Paging.LargestLimit, Paging.DefaultLimit), "How many groups at most.")
            .Gives<DeadLetterGroupsResponse>(200, "The groups.", Examples.Groups));

    private static async Task<Results<JsonHttpResult<DeadLetterGroupsResponse>, ProblemResult>> HandleAsync(HttpContext http, DeadLetterSearch search)
    {
        var query = new QueryReader(http.Request.Query, [.. DeadLetterQuery.Parameters, "limit"]);
        var filter = DeadLetterQuery.Filter(query);
        var limit = query.Limit();
        if (query.Problem is { } problem)
            return new ProblemResult(problem);
        var found = await search.GroupAsync(filter, limit, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new DeadLetterGroupsResponse([.. found.Groups.Select(Show)], found.Found, found.SearchedUntil), HttpJson.Options);
    }

    private static DeadLetterGroupResponse Show(DeadLetterGroup group)
    {
        var sample = group.Samples.Count > 0 ? group.Samples[0] : null;
        return new DeadLetterGroupResponse(
            group.Fingerprint,
            group.Count,
            sample?.Kind,
            sample?.Failure?.Code,
            sample?.Failure?.Message,
            group.FirstSeen,
            group.LastSeen,
            [.. group.Samples.Select(s => s.Id)]);
    }
}
