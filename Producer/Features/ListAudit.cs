using System.Globalization;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Audit;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/audit?action=&amp;target=&amp;actor=&amp;after=&amp;limit=</c>: what people did, newest first. Pages go on behind the last
/// entry of the page before.
/// </summary>
internal static class ListAudit
{
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
        var limit = query.Limit();
        if (query.Problem is { } problem)
            return new ProblemResult(problem);

        var found = await audit.ListAsync(filter, after is null ? null : long.Parse(after, CultureInfo.InvariantCulture), limit + 1, http.RequestAborted);
        return Paging.Answer(http, found, limit, entry => entry.Id.ToString(CultureInfo.InvariantCulture), entry => entry);
    }

    private static bool IsName(string text) => text.Length is >= 1 and <= LongestName && !text.Any(char.IsControl);

    private static bool IsPosition(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
