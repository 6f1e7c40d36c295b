using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.Read;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary><c>GET /v1/tasks/{id}/attempts</c>: every run of the task so far, the present one included, in the order of their start.</summary>
internal static class GetAttempts
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tasks/{id}/attempts", HandleAsync).AnswersJson().Needs(ApiScopes.Read)
        .Describe("getAttempts", ApiTags.Tasks, "List the runs of a task", o => o
            .OfTask()
            .Gives<Page<AttemptResponse>>(200, "Every run so far, the present one included, in the order of their start.", Examples.Attempts));

    private static async Task<Results<JsonHttpResult<Page<AttemptResponse>>, ProblemResult>> HandleAsync(string id, HttpContext http, TaskReader tasks)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        var attempts = await tasks.AttemptsAsync(taskId, http.RequestAborted);
        if (attempts.Count == 0 && await tasks.FindAsync(taskId, http.RequestAborted) is null)
            return new ProblemResult(Problems.UnknownTask(taskId));
        var items = attempts.Select(a => new AttemptResponse(a.Attempt, a.Worker, a.StartedAt, a.FinishedAt, a.Outcome, a.Failure));
        return TypedResults.Json(new Page<AttemptResponse>([.. items]), HttpJson.Options);
    }
}
