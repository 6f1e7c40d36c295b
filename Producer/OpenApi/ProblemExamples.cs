using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Store.Depth;
using Messaging.Producer.Access;
using Messaging.Producer.Http;

namespace Messaging.Producer.OpenApi;

/// <summary>A problem of each type, made as the actions make them.</summary>
internal static class ProblemExamples
{
    private static readonly Guid Task = Examples.TaskId;

    /// <summary>What all types begin with.</summary>
    public const string Prefix = "urn:messaging:problem:";

    /// <summary>By type.</summary>
    public static IReadOnlyDictionary<string, Problem> All { get; } = Make().ToDictionary(problem => problem.Type, problem => problem with { TraceId = Examples.TraceId });

    /// <summary>The short name of a type: the heading in docs/problems.md.</summary>
    public static string Name(string type) => type[Prefix.Length..];

    private static IEnumerable<Problem> Make() =>
    [
        Problems.Malformed(new MalformedJson("'}' is an invalid start of a value.", 1, 10)),
        Problems.InvalidRequest(new ProblemError("Unknown member; did you mean 'kind'?", "#/knid")),
        Problems.NotBuiltYet(new ProblemError("This version can't do it yet, so it is refused rather than ignored.", "#/priority")),
        Problems.UnknownKind("debug.ecko", ["debug.echo", "http.fetch"], StatusCodes.Status422UnprocessableEntity),
        Problems.InvalidInput("debug.echo", [new InputError("/input/message", "Must be a string, not a number.")]),
        Problems.InvalidValue(new ProblemError("It is not from 1 to 100.", "#/maxAttempts")),
        Problems.UnknownTask(Task),
        Problems.OfStatus(StatusCodes.Status404NotFound),
        Problems.OfStatus(StatusCodes.Status405MethodNotAllowed),
        Problems.NotAcceptable(["application/json"]),
        Problems.OfStatus(StatusCodes.Status408RequestTimeout),
        Problems.OfStatus(StatusCodes.Status412PreconditionFailed),
        Problems.UriTooLong(),
        Problems.HeadersTooLarge("There are 120 header fields; at most 100 are read."),
        Problems.KeyReused(Task),
        Problems.KeyUndecided(),
        Problems.TaskRemoved(Task),
        Problems.TooLarge("The body", SubmitTaskRequest.MaxBytes),
        Problems.TooManyTasks(),
        Problems.UnsupportedMediaType("Content-Type is 'text/plain'; send application/json in UTF-8."),
        Problems.NotEnded(Task, TaskState.Running),
        Problems.NotSucceeded(Task, TaskState.Failed, Examples.Failure),
        Problems.AlreadyEnded(Task, TaskState.Succeeded),
        Problems.NotFailed(Task, TaskState.Succeeded),
        Problems.UnknownOperation(Task),
        Problems.OperationEnded(Task, "finished"),
        Problems.QueueIsFull(new QueueFull("default", 1_000_000, 1_000_000, TimeSpan.FromSeconds(5))),
        Problems.TooManyStreams(10_000, "event streams"),
        AccessProblems.NoKey(),
        AccessProblems.MissingScope(
            new ApiKey { Id = "k3v9m2x7qa", Name = "deploy bot", Scopes = ApiScopes.Submit | ApiScopes.Read, CreatedAt = Examples.Created }, "operate"),
        AccessProblems.CrossSite(),
        AccessProblems.TooFast(new ApiKey { Id = "k3v9m2x7qa", Name = "deploy bot", Scopes = ApiScopes.Submit, CreatedAt = Examples.Created }, 3),
        Problems.UnknownFile(Task),
        Problems.DigestMismatch("Content-Digest is not that of the bytes that came."),
        Problems.OfStatus(StatusCodes.Status416RangeNotSatisfiable),
        Problems.NoRoom(64L * 1024 * 1024 * 1024),
        Problems.UnknownKey(),
        Problems.TooManyKeys(),
        CallbackProblems.UnknownEndpoint("shop", StatusCodes.Status404NotFound),
        CallbackProblems.EndpointExists("shop"),
        CallbackProblems.TooMany("endpoints", 1_000),
        CallbackProblems.UnknownCallback(Task, Task),
        Problems.LedgerUnavailable(),
        Problems.InternalError(),
        Problems.OfStatus(StatusCodes.Status400BadRequest),
    ];
}
