namespace Messaging.Contracts.Http;

/// <summary>
/// The values of <see cref="Problem.Type"/>: stable names for programs to decide by. They are URNs, so that they name the same on every
/// host; <c>docs/problems.md</c> has for each what it means and what to do.
/// </summary>
public static class ProblemTypes
{
    /// <summary>400: the body, or a line of a batch, is not JSON. <see cref="Problem.Line"/> and <see cref="Problem.BytePosition"/> say where.</summary>
    public const string MalformedJson = Prefix + "malformed-json";

    /// <summary>400: a member or parameter is unknown, missing, given twice or of the wrong type. <see cref="Problem.Errors"/> names it.</summary>
    public const string InvalidRequest = Prefix + "invalid-request";

    /// <summary>400: a member or header that this version knows of but can't do yet. It is refused because ignoring it would break a promise.</summary>
    public const string NotBuiltYet = Prefix + "not-built-yet";

    /// <summary>422, or 404 when asked for by URL: no worker has ever registered this kind. <see cref="Problem.Nearest"/> has similar ones.</summary>
    public const string UnknownKind = Prefix + "unknown-kind";

    /// <summary>422: the input does not fit its kind's schema. <see cref="Problem.Errors"/> names the fields.</summary>
    public const string InvalidInput = Prefix + "invalid-input";

    /// <summary>422: a member has the right type but a value that can't be: out of its bounds, not a name, contradicting another.</summary>
    public const string InvalidValue = Prefix + "invalid-value";

    /// <summary>404: there is no task with this id, or it was removed with its day.</summary>
    public const string UnknownTask = Prefix + "unknown-task";

    /// <summary>404: there is no such address.</summary>
    public const string NotFound = Prefix + "not-found";

    /// <summary>405: the address is right, the method is not. The header <c>Allow</c> has those that are.</summary>
    public const string MethodNotAllowed = Prefix + "method-not-allowed";

    /// <summary>406: the header <c>Accept</c> allows nothing that the address answers with.</summary>
    public const string NotAcceptable = Prefix + "not-acceptable";

    /// <summary>408: the request came too slowly.</summary>
    public const string RequestTimeout = Prefix + "request-timeout";

    /// <summary>412: a condition in the request's headers (<c>If-Match</c>) does not hold.</summary>
    public const string PreconditionFailed = Prefix + "precondition-failed";

    /// <summary>414: the address is too long.</summary>
    public const string UriTooLong = Prefix + "uri-too-long";

    /// <summary>431: the header fields are too many or too large.</summary>
    public const string HeadersTooLarge = Prefix + "headers-too-large";

    /// <summary>422: the idempotency key has made a task from another request. <see cref="Problem.TaskId"/> says which.</summary>
    public const string IdempotencyKeyReused = Prefix + "idempotency-key-reused";

    /// <summary>409: another request with the idempotency key is under way, and which of them makes the task is not decided. <c>Retry-After</c> says when to ask again.</summary>
    public const string IdempotencyKeyUndecided = Prefix + "idempotency-key-undecided";

    /// <summary>410: the idempotency key has made a task that was removed since. <see cref="Problem.TaskId"/> says which.</summary>
    public const string TaskRemoved = Prefix + "task-removed";

    /// <summary>413: the body, a line or the input is larger than allowed.</summary>
    public const string TooLarge = Prefix + "too-large";

    /// <summary>413: more tasks in one batch than allowed; those before were accepted.</summary>
    public const string TooManyTasks = Prefix + "too-many-tasks";

    /// <summary>415: the body's type or encoding is not one that is read here.</summary>
    public const string UnsupportedMediaType = Prefix + "unsupported-media-type";

    /// <summary>409: the result was asked for before the task ended.</summary>
    public const string TaskNotEnded = Prefix + "task-not-ended";

    /// <summary>409: the result was asked for, but the task ended without one. <see cref="Problem.State"/> and <see cref="Problem.Failure"/> say why.</summary>
    public const string TaskNotSucceeded = Prefix + "task-not-succeeded";

    /// <summary>409: the task has ended; there is nothing to cancel.</summary>
    public const string TaskAlreadyEnded = Prefix + "task-already-ended";

    /// <summary>409: only a task that failed for good can be retried or discarded. <see cref="Problem.State"/> says what it is.</summary>
    public const string TaskNotFailed = Prefix + "task-not-failed";

    /// <summary>404: there is no operation with this id, or it was forgotten.</summary>
    public const string UnknownOperation = Prefix + "unknown-operation";

    /// <summary>409: the operation has ended; there is nothing to stop.</summary>
    public const string OperationEnded = Prefix + "operation-ended";

    /// <summary>
    /// 429: the queue holds as many open tasks as it may. <see cref="Problem.Queue"/>, <see cref="Problem.Depth"/> and <see cref="Problem.Limit"/>
    /// say which and how many; <c>Retry-After</c> says when it is looked at again. The task was not stored.
    /// </summary>
    public const string QueueFull = Prefix + "queue-full";

    /// <summary>503: as many event streams are open in this process as may be. <c>Retry-After</c> says when to come back; another producer may have room.</summary>
    public const string TooManyStreams = Prefix + "too-many-streams";

    /// <summary>401: the request has no API key, or one that does not work. <c>WWW-Authenticate</c> says which (RFC 6750).</summary>
    public const string Unauthorized = Prefix + "unauthorized";

    /// <summary>403: the API key lacks a scope. <c>WWW-Authenticate</c> says which (RFC 6750).</summary>
    public const string InsufficientScope = Prefix + "insufficient-scope";

    /// <summary>403: the service needs no key, and a browser asks on behalf of another site's page, or under a name that is not this machine's.</summary>
    public const string CrossSite = Prefix + "cross-site";

    /// <summary>429: the API key has used up its rate. <c>Retry-After</c>, <c>RateLimit</c> and <c>RateLimit-Policy</c> say when there is more.</summary>
    public const string RateLimited = Prefix + "rate-limited";

    /// <summary>404: there is no file with this id, none yet, or none any more.</summary>
    public const string UnknownFile = Prefix + "unknown-file";

    /// <summary>400: the bytes that came are not those whose digest was given. Nothing was stored.</summary>
    public const string DigestMismatch = Prefix + "digest-mismatch";

    /// <summary>416: the file has no bytes in the range that was asked for. <c>Content-Range</c> says how many it has.</summary>
    public const string RangeNotSatisfiable = Prefix + "range-not-satisfiable";

    /// <summary>507: all files together have as many bytes as they may.</summary>
    public const string NoRoom = Prefix + "no-room";

    /// <summary>404: there never was an API key with this id.</summary>
    public const string UnknownKey = Prefix + "unknown-key";

    /// <summary>409: as many API keys work as can.</summary>
    public const string TooManyKeys = Prefix + "too-many-keys";

    /// <summary>404, or 422 when a task names it: there is no endpoint for callbacks of this name.</summary>
    public const string UnknownCallbackEndpoint = Prefix + "unknown-callback-endpoint";

    /// <summary>409: there is an endpoint for callbacks of this name already.</summary>
    public const string CallbackEndpointExists = Prefix + "callback-endpoint-exists";

    /// <summary>409: there are as many endpoints for callbacks, or as many secrets of one, as there may be.</summary>
    public const string TooManyCallbackEndpoints = Prefix + "too-many-callback-endpoints";

    /// <summary>404: no such callback was or is to be sent about this task.</summary>
    public const string UnknownCallback = Prefix + "unknown-callback";

    /// <summary>503: the ledger can't be reached or is too busy. Nothing was stored as far as is known; <c>Retry-After</c> says when to come back.</summary>
    public const string LedgerUnavailable = Prefix + "ledger-unavailable";

    /// <summary>500: a fault of the service. The log has more under <see cref="Problem.TraceId"/>.</summary>
    public const string InternalError = Prefix + "internal-error";

    /// <summary>Any other refusal by the HTTP server itself, for instance 400 for a body whose framing is broken.</summary>
    public const string BadRequest = Prefix + "bad-request";

    private const string Prefix = "urn:messaging:problem:";
}
