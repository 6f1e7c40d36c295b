using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Store.Read;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/tasks?state=&amp;kind=&amp;queue=&amp;tag=&amp;idempotencyKey=&amp;createdAfter=&amp;createdBefore=&amp;after=&amp;limit=</c>: tasks, newest
/// first, without inputs and results. Pages go on behind the last task of the page before, so tasks that arrive meanwhile shift nothing.
/// <c>GET /v1/tasks?ids=a,b,c</c>: these tasks, up to 200, in this order, and which of them there are not.
/// </summary>
internal static class ListTasks
{
    private const int MostIds = 200; // as many as fit into an address

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tasks", HandleAsync).AnswersJson().Needs(ApiScopes.Read)
        .Describe("listTasks", ApiTags.Tasks, "Find tasks", o => o
            .Says("Newest first, without inputs and results. All filters must hold. `ids` stands alone and answers these tasks, whatever they are.")
            .Query("ids", Shape.Text, "Up to 200 ids with commas in between.")
            .Query("state", Shape.State, "Only tasks in this state.")
            .Query("kind", Shape.Text, "Only tasks of this kind.")
            .Query("queue", Shape.Text, "Only tasks of this queue.")
            .Query("tag", Shape.Text, "Only tasks with this tag.")
            .Query("idempotencyKey", Shape.Text, "Only the task that this key has made; as long as it is remembered.")
            .Query("createdAfter", Shape.Time, "Only tasks accepted then or later.")
            .Query("createdBefore", Shape.Time, "Only tasks accepted earlier.")
            .Pages(Shape.Uuid)
            .Gives(200, "A page; or, with `ids`, those that were found and those that were not.", new Content("application/json", Shape.Either<Page<TaskResponse>, TasksByIdResponse>(), Examples.Tasks), ApiHeaders.Link));

    private static async Task<Results<JsonHttpResult<Page<TaskResponse>>, JsonHttpResult<TasksByIdResponse>, ProblemResult>> HandleAsync(
        HttpContext http, TaskSearch search, TaskLookup lookup)
    {
        var query = new QueryReader(
            http.Request.Query, "ids", "state", "kind", "queue", "tag", "idempotencyKey", "createdAfter", "createdBefore", "after", "limit");
        var ids = query.Ids("ids", MostIds);
        query.RefuseBeside("ids", "It stands alone: these tasks are answered, whatever they are.");
        var filter = new TaskFilter(
            query.State("state"),
            query.Text("kind", Names.IsKind, Names.KindRule),
            query.Text("queue", Names.IsQueue, Names.QueueRule),
            query.Text("tag", Names.IsTag, Names.TagRule),
            query.Time("createdAfter"),
            query.Time("createdBefore"));
        var key = query.Text("idempotencyKey", Names.IsIdempotencyKey, Names.IdempotencyKeyRule);
        var after = query.Id("after");
        var limit = query.Limit();
        if (query.Problem is { } problem)
            return new ProblemResult(problem);

        http.Response.Headers.CacheControl = "no-store";
        if (ids is not null)
            return await FindAsync(lookup, ids, http.RequestAborted);
        var page = key is null
            ? await search.SearchAsync(filter, after, limit, http.RequestAborted)
            : await FindAsync(lookup, key, filter, after, http.RequestAborted);
        Paging.LinkNext(http, page.Next?.ToString());
        return TypedResults.Json(
            new Page<TaskResponse>(
                [.. page.Items.Select(TaskResponses.Of)],
                page.Next?.ToString(),
                page is { CutShort: true, Next: { } last } ? IdTime.Of(last) : null),
            HttpJson.Options);
    }

    private static async Task<JsonHttpResult<TasksByIdResponse>> FindAsync(TaskLookup lookup, IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        var found = await lookup.FindAsync(ids, cancellationToken);
        return TypedResults.Json(
            new TasksByIdResponse([.. found.Select(TaskResponses.Of)], [.. ids.Except(found.Select(t => t.Id))]),
            HttpJson.Options);
    }

    /// <summary>A key has made one task at most.</summary>
    private static async Task<TaskPage> FindAsync(TaskLookup lookup, string key, TaskFilter filter, Guid? after, CancellationToken cancellationToken)
    {
        var task = await lookup.FindByKeyAsync(IdempotencyKey.SharedScope, key, cancellationToken);
        return new TaskPage(task is not null && filter.Matches(task) && (after is null || task.Id < after) ? [task] : [], null, false);
    }
}
