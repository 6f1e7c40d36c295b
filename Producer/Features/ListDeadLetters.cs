using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/dead-letters?kind=&amp;queue=&amp;fingerprint=&amp;tag=&amp;finishedAfter=&amp;finishedBefore=&amp;after=&amp;limit=</c>: tasks that
/// failed for good and were neither retried nor discarded, the last to fail first, without inputs.
/// </summary>
internal static class ListDeadLetters
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/dead-letters", HandleAsync).Needs(ApiScopes.Read)
        .Describe("listDeadLetters", ApiTags.DeadLetters, "List dead letters", o => o
            .Says("The last to fail first, without inputs.")
            .DeadLetterFilter()
            .Pages(Shape.Text)
            .Gives<Page<TaskResponse>>(200, "A page.", new Page<TaskResponse>([Examples.Failed with { Input = null }]), ApiHeaders.Link));

    private static async Task<Results<JsonHttpResult<Page<TaskResponse>>, ProblemResult>> HandleAsync(HttpContext http, DeadLetterSearch search)
    {
        var query = new QueryReader(http.Request.Query, [.. DeadLetterQuery.Parameters, "after", "limit"]);
        var filter = DeadLetterQuery.Filter(query);
        DeadLetterPosition after = default;
        var goesOn = query.Text("after", text => DeadLetterPosition.TryParse(text, out after), "the 'next' of another page");
        var limit = query.Limit();
        if (query.Problem is { } problem)
            return new ProblemResult(problem);

        var page = await search.ListAsync(filter, goesOn is null ? null : after, limit, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        Paging.LinkNext(http, page.Next?.ToString());
        return TypedResults.Json(
            new Page<TaskResponse>(
                [.. page.Items.Select(TaskResponses.Of)],
                page.Next?.ToString(),
                page is { CutShort: true, Next: { } last } ? new DateTimeOffset(last.FinishedAt) : null),
            HttpJson.Options);
    }
}
