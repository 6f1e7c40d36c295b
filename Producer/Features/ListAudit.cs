using System.Globalization;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Audit;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/audit?action=&amp;target=&amp;actor=&amp;after=&amp;limit=</c>: what people did, newest first. Pages go on behind the last
/// entry of the page before.
/// </summary>
internal static class ListAudit
{
    private const int DefaultLimit = 50;
    private const int LargestLimit = 1000;
    private const int LongestName = 100;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/audit", HandleAsync).Needs(ApiScopes.Admin)
        .Describe("listAudit", ApiTags.Access, "Read the audit log", o => o
            .Says("What people did, newest first.")
            .Query("action", Shape.OneOf(AuditActions.All), "Only this action.")
            .Query("target", Shape.Text, "Only what was done with this: `task:ID` and the like.")
            .Query("actor", Shape.Text, "Only what this one did: `key:ID`, `anonymous` or `cli`.")
            .Pages(Shape.Text)
            .Gives<Page<AuditResponse>>(200, "A page.", Examples.Audit, ApiHeaders.Link));

    private static async Task<Results<JsonHttpResult<Page<AuditResponse>>, ProblemResult>> HandleAsync(HttpContext http, AuditTrail audit)
    {
        var query = new QueryReader(http.Request.Query, "action", "target", "actor", "after", "limit");
        var filter = new AuditFilter(
            query.Text("action", AuditActions.All.Contains, $"an action; actions are {string.Join(", ", AuditActions.All)}"),
            query.Text("target", IsName, "a target such as task:ID"),
            query.Text("actor", IsName, "an actor such as key:ID, anonymous or cli"));
        var after = query.Text("after", IsPosition, "the 'next' of a page");
        var limit = query.Integer("limit", 1, LargestLimit, DefaultLimit);
        if (query.Problem is { } problem)
            return new ProblemResult(problem);

        var found = await audit.ListAsync(filter, after is null ? null : long.Parse(after, CultureInfo.InvariantCulture), limit + 1, http.RequestAborted);
        var next = found.Count > limit ? found[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null;
        http.Response.Headers.CacheControl = "no-store";
        if (next is not null)
            http.Response.Headers.Link = $"<{NextPage(http.Request, next)}>; rel=\"next\"";
        return TypedResults.Json(new Page<AuditResponse>([.. found.Take(limit)], next), HttpJson.Options);
    }

    private static bool IsName(string text) => text.Length is >= 1 and <= LongestName && !text.Any(char.IsControl);

    private static bool IsPosition(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string NextPage(HttpRequest request, string next)
    {
        var parameters = request.Query.ToDictionary(q => q.Key, q => (string?)q.Value.ToString());
        parameters["after"] = next;
        return QueryHelpers.AddQueryString("/v1/audit", parameters);
    }
}
