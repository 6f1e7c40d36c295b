using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;

namespace Messaging.Producer.Http;

/// <summary>Makes the problems that have to do with callbacks.</summary>
internal static class CallbackProblems
{
    /// <summary>404 where the address names it; 422 where a task does.</summary>
    public static Problem UnknownEndpoint(string name, int status, string? pointer = null) => new()
    {
        Type = ProblemTypes.UnknownCallbackEndpoint,
        Title = "Unknown callback endpoint",
        Status = status,
        Detail = $"There is no endpoint '{Problems.Short(name)}'. GET /v1/callback-endpoints lists those there are.",
        Errors = pointer is null ? null : [new ProblemError("There is no such endpoint.", pointer)],
    };

    public static Problem EndpointExists(string name) => new()
    {
        Type = ProblemTypes.CallbackEndpointExists,
        Title = "Callback endpoint exists",
        Status = StatusCodes.Status409Conflict,
        Detail = $"There is an endpoint '{name}' already. Take another name, or delete that one first.",
        Errors = [new ProblemError("The name is taken.", "#/name")],
    };

    public static Problem TooMany(string what, long most) => new()
    {
        Type = ProblemTypes.TooManyCallbackEndpoints,
        Title = "Too many callback endpoints or secrets",
        Status = StatusCodes.Status409Conflict,
        Detail = $"There may be at most {most} {what}.",
        Limit = most,
    };

    public static Problem UnknownCallback(Guid taskId, Guid delivery) => new()
    {
        Type = ProblemTypes.UnknownCallback,
        Title = "Unknown callback",
        Status = StatusCodes.Status404NotFound,
        Detail = $"There is no callback {delivery} about task {taskId}: GET /v1/tasks/{taskId}/callbacks lists those there are.",
    };

    /// <summary>Nobody submits what the ledger makes.</summary>
    public static Problem OwnKind() => Problems.InvalidValue(new ProblemError(
        $"'{SendCallback.KindName}' is made by the ledger alone. To be told of a task's end, give the task a member callback.", "#/kind"));
}
