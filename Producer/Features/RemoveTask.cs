using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.Read;
using Messaging.Infrastructure.Store.Remove;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>DELETE /v1/tasks/{id}?reason=</c>: removes a task that has ended, with its input, result, attempts, progress and tags. 204; 409 if it has
/// not ended (cancel it first); 404 if there is none, or none any more.
/// </summary>
internal static class RemoveTask
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/tasks/{id}", HandleAsync).Needs(ApiScopes.Operate).HeedsIfMatch()
        .Describe("removeTask", ApiTags.Tasks, "Remove a task that has ended", o => o
            .Says("With input, result, attempts, progress and tags.")
            .OfTask()
            .OnlyIfMatch()
            .Query("reason", Shape.Reason, "Why; it goes into the audit log.")
            .Gives(204, "It is gone.", null)
            .Refuses(ProblemTypes.TaskNotEnded));

    private static async Task<Results<NoContent, ProblemResult>> HandleAsync(string id, HttpContext http, RemoveStage remove, TaskReader tasks)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        var (reason, problem) = ActionReason.OfQuery(http.Request);
        if (problem is not null)
            return new ProblemResult(problem);
        return await remove.RemoveAsync(taskId, http.OnBehalf(reason), http.RequestAborted) switch
        {
            RemoveAnswer.Removed => TypedResults.NoContent(),
            RemoveAnswer.NotEnded when await tasks.FindAsync(taskId, http.RequestAborted) is { } task => new ProblemResult(
                Problems.NotEnded(taskId, task.State) with { Detail = $"Task {taskId} has not ended; cancel it first." }),
            _ => new ProblemResult(Problems.UnknownTask(taskId)),
        };
    }
}
