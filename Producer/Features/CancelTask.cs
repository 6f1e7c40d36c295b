using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Cancel;
using Messaging.Infrastructure.Store.Read;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/tasks/{id}/cancel</c> <c>{reason?}</c>: calls a task off. 200 with the task if it had not started and never will; 202 if its worker was told
/// to stop it; 409 if it had ended.
/// </summary>
internal static class CancelTask
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/tasks/{id}/cancel", HandleAsync).AnswersJson().Needs(ApiScopes.Operate).HeedsIfMatch()
        .Describe("cancelTask", ApiTags.Tasks, "Call a task off", o => o
            .OfTask()
            .OnlyIfMatch()
            .TakesReason()
            .Gives<TaskResponse>(200, "It had not started and never will.", Examples.Queued with { State = TaskState.Cancelled })
            .Gives<TaskResponse>(202, "Its worker was told to stop it.", Examples.Running, ApiHeaders.RetryAfter)
            .Refuses(ProblemTypes.InvalidValue, ProblemTypes.TaskAlreadyEnded));

    private static async Task<Results<JsonHttpResult<TaskResponse>, ProblemResult>> HandleAsync(
        string id, HttpContext http, CancelStage cancel, TaskReader tasks)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        var (reason, problem) = await ActionReason.ReadAsync(http);
        if (problem is not null)
            return new ProblemResult(problem);
        var answer = await cancel.CancelAsync(taskId, http.OnBehalf(reason), http.RequestAborted);
        if (answer == CancelAnswer.Unknown || await tasks.FindAsync(taskId, http.RequestAborted) is not { } task)
            return new ProblemResult(Problems.UnknownTask(taskId));
        return answer == CancelAnswer.AlreadyEnded
            ? new ProblemResult(Problems.AlreadyEnded(taskId, task.State))
            : TaskResponses.Answer(
                http.Response,
                TaskResponses.Of(task),
                answer == CancelAnswer.Cancelled ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }
}
