using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Read;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/dead-letters/{id}/discard</c> <c>{reason?}</c>: takes a dead letter off the list. 200 with the task, also if it had been discarded before; it stays
/// failed, readable and retryable until its day is dropped. 409 if it is not failed.
/// </summary>
internal static class DiscardDeadLetter
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/dead-letters/{id}/discard", HandleAsync).Needs(ApiScopes.Operate).HeedsIfMatch()
        .Describe("discardDeadLetter", ApiTags.DeadLetters, "Put a dead letter away", o => o
            .Says("It leaves the list; the task stays failed, readable and retryable until its day is dropped.")
            .OfTask()
            .OnlyIfMatch()
            .TakesReason()
            .Gives<TaskResponse>(200, "It is put away, also if it had been before.", Examples.Failed with { DiscardedAt = Examples.Created.AddMinutes(1) })
            .Refuses(ProblemTypes.InvalidValue, ProblemTypes.TaskNotFailed));

    private static async Task<Results<JsonHttpResult<TaskResponse>, ProblemResult>> HandleAsync(
        string id, HttpContext http, DeadLetterStage deadLetters, TaskReader tasks)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        var (reason, problem) = await ActionReason.ReadAsync(http);
        if (problem is not null)
            return new ProblemResult(problem);
        var answer = await deadLetters.DiscardAsync(taskId, http.OnBehalf(reason), http.RequestAborted);
        if (answer == DeadLetterAnswer.Unknown || await tasks.FindAsync(taskId, http.RequestAborted) is not { } task)
            return new ProblemResult(Problems.UnknownTask(taskId));
        return answer == DeadLetterAnswer.NotFailed
            ? new ProblemResult(Problems.NotFailed(taskId, task.State))
            : TaskResponses.Answer(http.Response, TaskResponses.Of(task));
    }
}
