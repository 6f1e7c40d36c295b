using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Store.Depth;

namespace Messaging.Producer.Http;

/// <summary>Makes the problems that the actions answer with, so that each type has one title and one status.</summary>
internal static class Problems
{
    public static Problem Malformed(MalformedJson fault) => new()
    {
        Type = ProblemTypes.MalformedJson,
        Title = "Malformed JSON",
        Status = StatusCodes.Status400BadRequest,
        Detail = $"{fault.Detail} At line {fault.Line}, byte {fault.BytePosition}.",
        Line = fault.Line,
        BytePosition = fault.BytePosition,
    };

    public static Problem InvalidRequest(params IReadOnlyList<ProblemError> errors) =>
        Of(ProblemTypes.InvalidRequest, "Invalid request", StatusCodes.Status400BadRequest, errors);

    public static Problem NotBuiltYet(params IReadOnlyList<ProblemError> errors) =>
        Of(ProblemTypes.NotBuiltYet, "Not built yet", StatusCodes.Status400BadRequest, errors);

    public static Problem InvalidValue(params IReadOnlyList<ProblemError> errors) =>
        Of(ProblemTypes.InvalidValue, "Invalid value", StatusCodes.Status422UnprocessableEntity, errors);

    public static Problem InvalidInput(string kind, IReadOnlyList<InputError> errors) =>
        Of(
            ProblemTypes.InvalidInput,
            "Invalid input",
            StatusCodes.Status422UnprocessableEntity,
            [.. errors.Select(e => new ProblemError(e.Detail, "#" + e.JsonPointer))]) with
        {
            Detail = $"The input does not fit kind '{kind}': see GET /v1/kinds/{kind} for its schema.",
        };

    public static Problem UnknownKind(string kind, IReadOnlyCollection<string> known, int status)
    {
        var nearest = NearestNames.Find(kind, known);
        var hint = known.Count == 0 ? "No worker has registered a kind yet; start one."
            : nearest.Count == 0 ? "GET /v1/kinds lists the known ones."
            : $"Did you mean {string.Join(" or ", nearest.Select(n => $"'{n}'"))}?";
        return new Problem
        {
            Type = ProblemTypes.UnknownKind,
            Title = "Unknown kind",
            Status = status,
            Detail = $"No worker has registered the kind '{Short(kind)}'. {hint}",
            Errors = status == StatusCodes.Status404NotFound ? null : [new ProblemError("Unknown kind.", "#/kind")],
            Nearest = nearest,
        };
    }

    public static Problem UnknownTask(Guid id) => new()
    {
        Type = ProblemTypes.UnknownTask,
        Title = "Unknown task",
        Status = StatusCodes.Status404NotFound,
        Detail = $"There is no task {id}.",
    };

    public static Problem TooLarge(string what, long most) => new()
    {
        Type = ProblemTypes.TooLarge,
        Title = "Too large",
        Status = StatusCodes.Status413PayloadTooLarge,
        Detail = $"{what} is larger than {most} bytes.",
        Limit = most,
    };

    public static Problem InputTooLarge(int bytes) => TooLarge("The input", SubmitTaskRequest.MaxInputBytes) with
    {
        Errors = [new ProblemError($"{bytes} bytes; at most {SubmitTaskRequest.MaxInputBytes} are allowed.", "#/input")],
    };

    public static Problem TooManyTasks() => new()
    {
        Type = ProblemTypes.TooManyTasks,
        Title = "Too many tasks",
        Status = StatusCodes.Status413PayloadTooLarge,
        Detail = $"A batch holds at most {SubmitTaskRequest.MaxBatch} tasks; send the rest in another.",
        Limit = SubmitTaskRequest.MaxBatch,
    };

    public static Problem UnsupportedMediaType(string detail) => new()
    {
        Type = ProblemTypes.UnsupportedMediaType,
        Title = "Unsupported media type",
        Status = StatusCodes.Status415UnsupportedMediaType,
        Detail = detail,
    };

    public static Problem NotEnded(Guid id, TaskState state) => new()
    {
        Type = ProblemTypes.TaskNotEnded,
        Title = "Task has not ended",
        Status = StatusCodes.Status409Conflict,
        Detail = $"Task {id} has no result yet.",
        State = state,
        RetryAfter = 1,
    };

    public static Problem NotSucceeded(Guid id, TaskState state, TaskFailure? failure) => new()
    {
        Type = ProblemTypes.TaskNotSucceeded,
        Title = "Task did not succeed",
        Status = StatusCodes.Status409Conflict,
        Detail = $"Task {id} ended without a result.",
        State = state,
        Failure = failure,
    };

    public static Problem AlreadyEnded(Guid id, TaskState state) => new()
    {
        Type = ProblemTypes.TaskAlreadyEnded,
        Title = "Task has ended",
        Status = StatusCodes.Status409Conflict,
        Detail = $"Task {id} has ended; there is nothing to cancel.",
        State = state,
    };

    public static Problem NotFailed(Guid id, TaskState state) => new()
    {
        Type = ProblemTypes.TaskNotFailed,
        Title = "Task is not failed",
        Status = StatusCodes.Status409Conflict,
        Detail = $"Task {id} is no dead letter: only a task that failed for good can be retried or discarded.",
        State = state,
    };

    public static Problem UnknownOperation(Guid id) => new()
    {
        Type = ProblemTypes.UnknownOperation,
        Title = "Unknown operation",
        Status = StatusCodes.Status404NotFound,
        Detail = $"There is no operation {id}, or it ended more than 30 days ago.",
    };

    public static Problem OperationEnded(Guid id, string state) => new()
    {
        Type = ProblemTypes.OperationEnded,
        Title = "Operation has ended",
        Status = StatusCodes.Status409Conflict,
        Detail = $"Operation {id} is {state}; there is nothing to stop.",
    };

    public static Problem QueueIsFull(QueueFull full) => new()
    {
        Type = ProblemTypes.QueueFull,
        Title = "Queue full",
        Status = StatusCodes.Status429TooManyRequests,
        Detail = $"The queue '{full.Queue}' holds {full.Depth} open tasks; it may hold {full.Limit}. Try again when it has drained.",
        Queue = full.Queue,
        Depth = full.Depth,
        Limit = full.Limit,
        RetryAfter = (int)full.RetryAfter.TotalSeconds,
    };

    public static Problem KeyReused(Guid id) => new()
    {
        Type = ProblemTypes.IdempotencyKeyReused,
        Title = "Idempotency key reused",
        Status = StatusCodes.Status422UnprocessableEntity,
        Detail = $"This idempotency key has made task {id}, from another request. Repeat that one as it was, or use a new key.",
        TaskId = id,
    };

    public static Problem KeyUndecided() => new()
    {
        Type = ProblemTypes.IdempotencyKeyUndecided,
        Title = "Idempotency key undecided",
        Status = StatusCodes.Status409Conflict,
        Detail = "Another request with this idempotency key is under way and has not been decided yet. Ask again soon: the answer will be its task, or yours.",
        RetryAfter = 1,
    };

    public static Problem TaskRemoved(Guid id) => new()
    {
        Type = ProblemTypes.TaskRemoved,
        Title = "Task was removed",
        Status = StatusCodes.Status410Gone,
        Detail = $"Task {id}, which this request has made, was removed since. It is not run again; to make another, use a new idempotency key.",
        TaskId = id,
    };

    public static Problem TooManyStreams(int most, string what) => new()
    {
        Type = ProblemTypes.TooManyStreams,
        Title = "Too many streams",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = $"This producer has {most} {what} open and takes no more. Try again soon, or another producer.",
        RetryAfter = 5,
    };

    public static Problem UnknownFile(Guid id) => new()
    {
        Type = ProblemTypes.UnknownFile,
        Title = "Unknown file",
        Status = StatusCodes.Status404NotFound,
        Detail = $"There is no file {id}.",
    };

    public static Problem DigestMismatch(string detail) => new()
    {
        Type = ProblemTypes.DigestMismatch,
        Title = "Digest mismatch",
        Status = StatusCodes.Status400BadRequest,
        Detail = $"{detail} Nothing was stored.",
    };

    public static Problem NoRoom(long most) => new()
    {
        Type = ProblemTypes.NoRoom,
        Title = "No room",
        Status = StatusCodes.Status507InsufficientStorage,
        Detail = $"All files together may have {most} bytes (Messaging:Files:MaxTotalBytes); there is no room for another of this size.",
        Limit = most,
    };

    public static Problem UnknownKey() => new()
    {
        Type = ProblemTypes.UnknownKey,
        Title = "Unknown key",
        Status = StatusCodes.Status404NotFound,
        Detail = "There is no API key with this id.",
    };

    public static Problem TooManyKeys() => new()
    {
        Type = ProblemTypes.TooManyKeys,
        Title = "Too many keys",
        Status = StatusCodes.Status409Conflict,
        Detail = $"{KeyStore.MostKeys} API keys work at present, and no more can; revoke some first.",
        Limit = KeyStore.MostKeys,
    };

    public static Problem LedgerUnavailable() => new()
    {
        Type = ProblemTypes.LedgerUnavailable,
        Title = "Ledger unavailable",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = "The ledger can't be reached or is too busy. Try again soon.",
        RetryAfter = 2,
    };

    public static Problem InternalError() => new()
    {
        Type = ProblemTypes.InternalError,
        Title = "Internal error",
        Status = StatusCodes.Status500InternalServerError,
        Detail = "The service failed; its log says more under this trace id.",
    };

    /// <summary>For answers that the framework gives without a body.</summary>
    public static Problem OfStatus(int status) => status switch
    {
        StatusCodes.Status404NotFound => Bare(ProblemTypes.NotFound, "Not found", status, "There is nothing at this address."),
        StatusCodes.Status405MethodNotAllowed =>
            Bare(ProblemTypes.MethodNotAllowed, "Method not allowed", status, "The header Allow has the methods of this address."),
        StatusCodes.Status406NotAcceptable => NotAcceptable([]),
        StatusCodes.Status408RequestTimeout => Bare(ProblemTypes.RequestTimeout, "Request timeout", status, "The request came too slowly."),
        StatusCodes.Status412PreconditionFailed =>
            Bare(ProblemTypes.PreconditionFailed, "Precondition failed", status, "What stands at this address is not what the request's conditions ask for."),
        StatusCodes.Status413PayloadTooLarge => Bare(ProblemTypes.TooLarge, "Too large", status, "The body is too large."),
        StatusCodes.Status414UriTooLong => UriTooLong(),
        StatusCodes.Status416RangeNotSatisfiable =>
            Bare(ProblemTypes.RangeNotSatisfiable, "Range not satisfiable", status, "The header Content-Range says how many bytes there are."),
        StatusCodes.Status415UnsupportedMediaType => UnsupportedMediaType("The body's type is not one that is read here."),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => HeadersTooLarge("They are larger than this server reads."),
        >= 500 => InternalError() with { Status = status },
        _ => Bare(ProblemTypes.BadRequest, "Bad request", status, null),
    };

    public static Problem NotAcceptable(IReadOnlyList<string> offered) => new()
    {
        Type = ProblemTypes.NotAcceptable,
        Title = "Not acceptable",
        Status = StatusCodes.Status406NotAcceptable,
        Detail = offered.Count == 0
            ? "There is no answer of a type that the header Accept allows."
            : $"The header Accept allows none of what this address answers with: {string.Join(", ", offered)}.",
        Errors = [new ProblemError("It allows no type that this address answers with.", Header: "Accept")],
    };

    public static Problem UriTooLong() =>
        Bare(ProblemTypes.UriTooLong, "URI too long", StatusCodes.Status414UriTooLong, $"The address is longer than {RequestLimits.MostAddress} bytes.");

    public static Problem HeadersTooLarge(string detail) =>
        Bare(ProblemTypes.HeadersTooLarge, "Header fields too large", StatusCodes.Status431RequestHeaderFieldsTooLarge, detail);

    /// <summary>What a client sent, short enough to be said back.</summary>
    public static string Short(string text) => text.Length <= 100 ? text : text[..100] + "…";

    private static Problem Bare(string type, string title, int status, string? detail) =>
        new() { Type = type, Title = title, Status = status, Detail = detail };

    private static Problem Of(string type, string title, int status, IReadOnlyList<ProblemError> errors) => new()
    {
        Type = type,
        Title = title,
        Status = status,
        Detail = errors is [var only] ? Sentence(only) : $"{errors.Count} things are wrong: see errors.",
        Errors = errors,
    };

    private static string Sentence(ProblemError error) => $"{error.Pointer ?? error.Parameter ?? error.Header}: {error.Detail}";
}
