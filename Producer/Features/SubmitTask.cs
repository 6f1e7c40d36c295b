using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/tasks</c>: accepts one task. 202 after the commit; with <c>Prefer: wait=N</c> 200 if it ended within N seconds.
/// </summary>
internal static class SubmitTask
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/tasks", HandleAsync).Needs(ApiScopes.Submit);

    private static async Task<Results<JsonHttpResult<TaskResponse>, ProblemResult>> HandleAsync(
        HttpContext http, TaskAcceptor acceptor, SubmitStage submit, LedgerClock clock, TaskReader tasks, TaskWaits waits)
    {
        if (RequestBody.CheckType(http.Request, "application/json") is { } type)
            return new ProblemResult(type);
        if (RefusedHeaders.Check(http.Request) is { } header)
            return new ProblemResult(header);
        if (await RequestBody.ReadAsync(http, SubmitTaskRequest.MaxBytes) is not { } body)
            return new ProblemResult(Problems.TooLarge("The body", SubmitTaskRequest.MaxBytes));
        if (!SubmitTaskReader.TryRead(body, out var request, out var problem))
            return new ProblemResult(problem);
        var (task, refused) = await acceptor.AcceptAsync(request, TraceParents.Current(), http.RequestAborted);
        if (task is null)
            return new ProblemResult(refused!);

        await submit.SubmitAsync(task, http.RequestAborted);
        http.Response.Headers.Location = TaskLinks.Of(task.Id).Self;
        if (Preferences.Wait(http.Request.Headers["Prefer"]) is not { } wait)
            return TaskResponses.Answer(http.Response, TaskResponses.Of(task, clock.Now), StatusCodes.Status202Accepted);

        await waits.ForEndAsync(task.Id, wait, http.RequestAborted);
        Preferences.Applied(http.Response, wait);
        var now = TaskResponses.Of((await tasks.FindAsync(task.Id, http.RequestAborted))!);
        return TaskResponses.Answer(http.Response, now, now.State.IsFinal() ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }
}
