using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/workers</c>: the consumer processes that run now, oldest first.</summary>
internal static class ListWorkers
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/workers", HandleAsync).Needs(ApiScopes.Read)
        .Describe("listWorkers", ApiTags.Catalogue, "List the workers", o => o
            .Gives<Page<WorkerResponse>>(200, "The consumer processes that run now, oldest first.", new Page<WorkerResponse>([Examples.Consumer])));

    private static async Task<Results<JsonHttpResult<Page<WorkerResponse>>, ProblemResult>> HandleAsync(
        HttpContext http, WorkerList workers, LedgerClock clock)
    {
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        var rows = await workers.ReadAsync(http.RequestAborted);
        var now = clock.Now;
        var items = rows.Select(w => new WorkerResponse(
            w.Id, w.Host, w.Pid, w.Version, w.Queues, w.Kinds, w.Slots, w.Running, w.Draining, w.StartedAt, Age(now - w.BeatAt)));
        return TypedResults.Json(new Page<WorkerResponse>([.. items]), HttpJson.Options);
    }

    // To the millisecond, and never negative for a beat that came while the answer was made.
    private static TimeSpan Age(TimeSpan age) => TimeSpan.FromMilliseconds(Math.Max(0, (long)age.TotalMilliseconds));
}
