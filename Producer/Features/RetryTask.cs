using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Read;
using Messaging.Producer.Access;
using Messaging.Producer.Http;
using Messaging.Producer.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Producer.Features;

/// <summary>
/// <c>POST /v1/tasks/{id}/retry</c>: queues a failed task again, with all its attempts; 202 with the task, 409 if it is not failed. With a body
/// <c>{input?, reason?}</c> it runs with that input from now on, which must fit its kind.
/// </summary>
internal static class RetryTask
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/tasks/{id}/retry", HandleAsync).AnswersJson().Needs(ApiScopes.Operate).HeedsIfMatch()
        .Describe("retryTask", ApiTags.DeadLetters, "Run a failed task again", o => o
            .Says("With all its attempts, and with another input if one is given.")
            .OfTask()
            .OnlyIfMatch()
            .Takes<RetryBody>("What is different; may be left out.", new RetryBody(Reason: "the shop is back"), required: false)
            .Gives<TaskResponse>(202, "It is queued again.", Examples.Queued, ApiHeaders.RetryAfter)
            .Leads("getTask").Leads("streamTaskEvents")
            .Refuses(ProblemTypes.UnknownKind, ProblemTypes.InvalidInput, ProblemTypes.InvalidValue, ProblemTypes.TaskNotFailed));

    private static async Task<Results<JsonHttpResult<TaskResponse>, ProblemResult>> HandleAsync(
        string id, HttpContext http, DeadLetterStage deadLetters, TaskReader tasks, KnownKinds kinds)
    {
        if (!TaskIds.TryParse(id, out var taskId, out var notAnId))
            return notAnId;
        if (new QueryReader(http.Request.Query).Problem is { } problem)
            return new ProblemResult(problem);
        var (input, reason, unread) = await ReadAsync(http);
        if (unread is not null)
            return new ProblemResult(unread);
        if (input is { } edited && await CheckAsync(taskId, edited, tasks, kinds, http.RequestAborted) is { } refused)
            return new ProblemResult(refused);

        var answer = await deadLetters.RetryAsync(taskId, input, http.OnBehalf(reason), http.RequestAborted);
        if (answer == DeadLetterAnswer.Unknown || await tasks.FindAsync(taskId, http.RequestAborted) is not { } task)
            return new ProblemResult(Problems.UnknownTask(taskId));
        return answer == DeadLetterAnswer.NotFailed
            ? new ProblemResult(Problems.NotFailed(taskId, task.State))
            : TaskResponses.Answer(http.Response, TaskResponses.Of(task), StatusCodes.Status202Accepted);
    }

    /// <summary>The edited input, null if there is no body or none in it; and why.</summary>
    private static async Task<(ReadOnlyMemory<byte>? Input, string? Reason, Problem? Problem)> ReadAsync(HttpContext http)
    {
        if (await RequestBody.ReadAsync(http, SubmitTaskRequest.MaxBytes) is not { } body)
            return (null, null, Problems.TooLarge("The body", SubmitTaskRequest.MaxBytes));
        if (body.Length == 0)
            return (null, null, null);
        if (RequestBody.CheckType(http.Request, "application/json") is { } type)
            return (null, null, type);
        using var json = MemberReader.Parse(body, out var malformed);
        if (json is null)
            return (null, null, malformed);
        var members = json.Object("A retry", "input", "reason");
        var input = members.Raw("input");
        var reason = members.Text("reason", ActionReason.IsReason, ActionReason.Rule);
        if (json.Problem is { } wrong)
            return (null, null, wrong);
        return input?.Length > SubmitTaskRequest.MaxInputBytes ? (null, null, Problems.InputTooLarge(input.Value.Length)) : (input, reason, null);
    }

    /// <summary>Whether an input fits the kind of the task that it is meant for.</summary>
    private static async Task<Problem?> CheckAsync(
        Guid taskId, ReadOnlyMemory<byte> input, TaskReader tasks, KnownKinds kinds, CancellationToken cancellationToken)
    {
        if (await tasks.FindAsync(taskId, cancellationToken) is not { } task)
            return Problems.UnknownTask(taskId);
        if (task.State != TaskState.Failed)
            return Problems.NotFailed(taskId, task.State);
        if (await kinds.FindAsync(task.Kind, cancellationToken) is not { } kind)
            return Problems.UnknownKind(task.Kind, kinds.Names, StatusCodes.Status422UnprocessableEntity);
        var check = kind.Schema.Validate(input.Span, "/input");
        return check.IsValid ? null
            : check.Malformed is { } malformed ? Problems.Malformed(malformed)
            : Problems.InvalidInput(task.Kind, check.Errors);
    }
}
