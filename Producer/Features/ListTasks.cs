using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Store.Read;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/tasks?state=&amp;kind=&amp;queue=&amp;tag=&amp;after=&amp;limit=</c>: tasks, newest first, without inputs and results.
/// Pages go on behind the last task of the page before, so tasks that arrive meanwhile shift nothing.
/// </summary>
internal static class ListTasks
{
    private const int DefaultLimit = 50;
    private const int LargestLimit = 1000;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tasks", HandleAsync).Needs(ApiScopes.Read);

    private static async Task<Results<JsonHttpResult<Page<TaskResponse>>, ProblemResult>> HandleAsync(HttpContext http, TaskSearch search)
    {
        var query = new QueryReader(http.Request.Query, "state", "kind", "queue", "tag", "after", "limit");
        var filter = new TaskFilter(
            query.State("state"),
            query.Text("kind", Names.IsKind, Names.KindRule),
            query.Text("queue", Names.IsQueue, Names.QueueRule),
            query.Text("tag", Names.IsTag, Names.TagRule));
        var after = query.Id("after");
        var limit = query.Integer("limit", 1, LargestLimit, DefaultLimit);
        if (query.Problem is { } problem)
            return new ProblemResult(problem);

        var page = await search.SearchAsync(filter, after, limit, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        if (page.Next is { } next)
            http.Response.Headers.Link = $"<{NextPage(http.Request, next)}>; rel=\"next\"";
        return TypedResults.Json(
            new Page<TaskResponse>(
                [.. page.Items.Select(TaskResponses.Of)],
                page.Next?.ToString(),
                page is { CutShort: true, Next: { } last } ? IdTime.Of(last) : null),
            HttpJson.Options);
    }

    private static string NextPage(HttpRequest request, Guid next)
    {
        var parameters = request.Query.ToDictionary(q => q.Key, q => (string?)q.Value.ToString());
        parameters["after"] = next.ToString();
        return QueryHelpers.AddQueryString("/v1/tasks", parameters);
    }
}
