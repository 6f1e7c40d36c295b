using Messaging.Contracts.Http;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>GET /v1/tasks/{id}</c>: the task as it is; with <c>?wait=PT10S</c> (or <c>Prefer: wait=10</c>) as soon as it has ended, at most a
/// minute later. <c>Preference-Applied</c> says how long was waited at most. 304 if it is as <c>If-None-Match</c> says, after the wait. 401 as soon as
/// the key that it waits with works no more.
/// </summary>
internal static class GetTask
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/v1/tasks/{id}", EntityResult.Methods, HandleAsync).AnswersJson().Needs(ApiScopes.Read)
        .Describe("getTask", ApiTags.Tasks, "Look at a task", o => o
            .OfTask()
            .Query("wait", Shape.Wait, $"Answer when the task has ended, so much later at most; never more than {Shape.LongestWait}.")
            .Prefers()
            .Conditions()
            .Gives<TaskResponse>(200, "The task as it is.", Examples.Running, ApiHeaders.ETag, ApiHeaders.RetryAfter, ApiHeaders.PreferenceApplied)
            .Gives(304, "It is as `If-None-Match` says.", null, ApiHeaders.ETag, ApiHeaders.RetryAfter, ApiHeaders.PreferenceApplied));

    private static async Task<Results<EntityResult, ProblemResult>> HandleAsync(string id, HttpContext http, TaskWaits waits, AccessGate gate)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        var query = new QueryReader(http.Request.Query, "wait");
        var wait = query.Wait("wait") ?? Preferences.Of(http.Request).Wait;
        if (query.Problem is { } problem)
            return new ProblemResult(problem);
        if (wait is { } applied)
            Preferences.Applied(http.Response, applied);
        var (task, letIn) = await waits.FindAsync(http, taskId, wait ?? TimeSpan.Zero);
        return !letIn ? gate.NoLonger(http)
            : task is null ? new ProblemResult(Problems.UnknownTask(taskId))
            : TaskResponses.Entity(http.Response, TaskResponses.Of(task));
    }
}
