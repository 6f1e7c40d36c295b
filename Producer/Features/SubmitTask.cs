using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/tasks</c>: accepts one task. 202 after the commit; with <c>Prefer: wait=N</c> 200 if it ended within N seconds. A request whose
/// idempotency key has made a task before gets that one, 200 if it has ended, with <c>Idempotent-Replayed: true</c>.
/// </summary>
internal static class SubmitTask
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/tasks", HandleAsync).AnswersJson().Needs(ApiScopes.Submit)
        .Describe("submitTask", ApiTags.Tasks, "Submit a task", o => o
            .Says("Answers once the task is stored. It runs later, at least once; its result is recorded once.")
            .Prefers()
            .Header("Idempotency-Key", Shape.Text, "The caller's name for this request: however often it is sent, it makes one task. `\"order-4711-mail\"` or bare.")
            .Header("traceparent", Shape.Text, "W3C Trace Context: the task's run belongs to this trace.")
            .Takes<SubmitTaskRequest>("The task.", Examples.Submit)
            .Gives<TaskResponse>(200, "It has ended: within `Prefer: wait`, or before, when its idempotency key was used again.", Examples.Succeeded, ApiHeaders.Location, ApiHeaders.PreferenceApplied, ApiHeaders.IdempotentReplayed)
            .Leads("getTask").Leads("getResult").Leads("streamTaskEvents")
            .Gives<TaskResponse>(202, "It is stored and will run.", Examples.Queued, ApiHeaders.Location, ApiHeaders.RetryAfter, ApiHeaders.PreferenceApplied, ApiHeaders.IdempotentReplayed)
            .Leads("getTask").Leads("streamTaskEvents").Leads("explainTask").Leads("cancelTask")
            .Calls(WebhookWriter.TaskEnded, "{$request.body#/callback/url}")
            .Refuses(ProblemTypes.NotBuiltYet, ProblemTypes.UnknownKind, ProblemTypes.InvalidInput, ProblemTypes.InvalidValue, ProblemTypes.QueueFull)
            .Refuses(ProblemTypes.UnknownCallbackEndpoint, StatusCodes.Status422UnprocessableEntity)
            .Refuses(ProblemTypes.IdempotencyKeyReused, ProblemTypes.IdempotencyKeyUndecided, ProblemTypes.TaskRemoved));

    private static async Task<Results<JsonHttpResult<TaskResponse>, ProblemResult>> HandleAsync(
        HttpContext http, TaskAcceptor acceptor, SubmitStage submit, LedgerClock clock, TaskReader tasks, TaskWaits waits)
    {
        var (request, unread) = await ReadAsync(http);
        if (request is null)
            return new ProblemResult(unread!);
        var (task, refused) = await acceptor.AcceptAsync(request, TraceParents.Current(), http.RequestAborted);
        SubmitAnswer answer;
        if (task is not null)
            answer = await submit.SubmitAsync(task, http.RequestAborted);
        else if (await acceptor.FindEarlierAsync(request, http.RequestAborted) is { } earlier)
            answer = earlier;
        else
            return new ProblemResult(refused!);

        var preferred = Preferences.Of(http.Request);
        switch (answer.Outcome)
        {
            case SubmitOutcome.KeyConflict:
                return new ProblemResult(Problems.KeyReused(answer.TaskId));
            case SubmitOutcome.KeyUndecided:
                return new ProblemResult(Problems.KeyUndecided());
            case SubmitOutcome.Accepted when preferred.Wait is null:
                return Answer(http.Response, preferred, TaskResponses.Of(task!, clock.Now), StatusCodes.Status202Accepted);
        }

        LargeRequests.Done(http);
        var wait = preferred.Wait ?? TimeSpan.Zero;
        TaskRecord? found;
        try
        {
            // A new task has hardly ended by now, so it is not looked at before the wait. Is the key gone behind it, the task is accepted all the same.
            if (answer.Outcome == SubmitOutcome.Accepted && !await waits.ForEndAsync(http, answer.TaskId, wait))
                return Answer(http.Response, preferred, TaskResponses.Of(task!, clock.Now), StatusCodes.Status202Accepted);
            found = answer.Outcome == SubmitOutcome.Accepted
                ? await tasks.FindAsync(answer.TaskId, http.RequestAborted)
                : (await waits.FindAsync(http, answer.TaskId, wait)).Task;
        }
        catch (Exception e) when (answer.Outcome == SubmitOutcome.Accepted && LedgerErrors.IsTransient(e))
        {
            // It is stored. Whoever heard of a failure would submit it once more.
            return Answer(http.Response, preferred, TaskResponses.Of(task!, clock.Now), StatusCodes.Status202Accepted);
        }

        if (answer.Outcome == SubmitOutcome.Replayed)
            http.Response.Headers[IdempotencyKeyHeader.Replayed] = "true";
        return found is null
            ? new ProblemResult(Problems.TaskRemoved(answer.TaskId))
            : Answer(http.Response, preferred, TaskResponses.Of(found), found.State.IsFinal() ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    private static JsonHttpResult<TaskResponse> Answer(HttpResponse response, Preferences preferred, TaskResponse task, int status)
    {
        response.Headers.Location = task.Links.Self;
        preferred.Apply(response, status);
        return TaskResponses.Answer(response, task, status);
    }

    private static async Task<(SubmitTaskRequest? Request, Problem? Problem)> ReadAsync(HttpContext http)
    {
        if (http.Request.QueryString.HasValue && new QueryReader(http.Request.Query).Problem is { } parameter)
            return (null, parameter);
        if (RequestBody.CheckType(http.Request, "application/json") is { } type)
            return (null, type);
        var key = IdempotencyKeyHeader.Read(http.Request, out var badKey);
        if (badKey is not null)
            return (null, badKey);
        if (await RequestBody.ReadAsync(http, SubmitTaskRequest.MaxBytes) is not { } body)
            return (null, Problems.TooLarge("The body", SubmitTaskRequest.MaxBytes));
        if (!SubmitTaskReader.TryRead(body, out var request, out var problem))
            return (null, problem);
        return IdempotencyKeyHeader.Merge(key, request, out var merged) is { } differing ? (null, differing) : (merged, null);
    }
}
