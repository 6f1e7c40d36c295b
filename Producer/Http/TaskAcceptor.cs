using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Depth;
using Messaging.Infrastructure.Store.Kinds;
using Messaging.Infrastructure.Store.Submit;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Http;

/// <summary>Checks a request against the rules and its kind, and makes it a task that may be stored.</summary>
internal sealed class TaskAcceptor(
    KnownKinds kinds, LedgerClock clock, QueueDepths depths, SubmitStage submit, EndpointNames endpoints, IOptions<CallbackOptions> callbacks)
{
    /// <summary>
    /// The task that the same request has made before, if it had a key that is still remembered. Asked when the request is refused now: a repetition gets its
    /// task although its deadline has passed, its queue is full or its kind is gone.
    /// </summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger can't be reached.</exception>
    public async ValueTask<SubmitAnswer?> FindEarlierAsync(SubmitTaskRequest request, CancellationToken cancellationToken) =>
        KeyOf(request) is { } key && Names.IsIdempotencyKey(key.Value)
        && await submit.FindAsync(key, cancellationToken) is { Outcome: SubmitOutcome.Replayed } earlier
            ? earlier
            : null;

    /// <summary>
    /// The same as <see cref="Accept"/>, for what may have to be looked up in the ledger before it is refused: a kind that is not known yet, an
    /// endpoint for callbacks.
    /// </summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger can't be reached, so nobody knows them.</exception>
    public async ValueTask<(NewTask? Task, Problem? Problem)> AcceptAsync(SubmitTaskRequest request, string? traceParent, CancellationToken cancellationToken)
    {
        if (request.Kind == SendCallback.KindName)
            return (null, CallbackProblems.OwnKind()); // known or not
        if (await kinds.FindAsync(request.Kind, cancellationToken) is not { } kind)
            return (null, Problems.UnknownKind(request.Kind, kinds.Names, StatusCodes.Status422UnprocessableEntity));
        var accepted = Accept(request, kind, traceParent);
        return accepted.Task?.Callback?.Endpoint is { } endpoint && !await endpoints.ContainsAsync(endpoint, cancellationToken)
            ? (null, CallbackProblems.UnknownEndpoint(endpoint, StatusCodes.Status422UnprocessableEntity, "#/callback/endpoint"))
            : accepted;
    }

    /// <summary>True if <see cref="Accept"/> alone can't decide on a request.</summary>
    public static bool MustLookUp(SubmitTaskRequest request) => request.Callback?.Endpoint is not null;

    /// <summary>Either a task or what is wrong with it. The task's input is the request's, not a copy.</summary>
    public (NewTask? Task, Problem? Problem) Accept(SubmitTaskRequest request, RegisteredKind kind, string? traceParent)
    {
        var input = request.Input.Utf8;
        if (input.Length > SubmitTaskRequest.MaxInputBytes)
            return (null, Problems.InputTooLarge(input.Length));
        if (kind.Description.Name == SendCallback.KindName)
            return (null, CallbackProblems.OwnKind());
        var now = clock.Now;
        var wrong = Check(request, now);
        var callback = CallbackCheck.Check(request.Callback, callbacks.Value, ref wrong);
        if (wrong is not null)
            return (null, Problems.InvalidValue(wrong));
        var check = kind.Schema.Validate(input.Span, "/input");
        if (!check.IsValid)
            return (null, check.Malformed is { } malformed ? Problems.Malformed(malformed) : Problems.InvalidInput(kind.Description.Name, check.Errors));
        var queue = request.Queue ?? kind.Description.Queue;
        if (depths.Check(queue) is { } full)
            return (null, Problems.QueueIsFull(full));
        return (
            new NewTask(
                clock.NewTaskId(),
                kind.Description.Name,
                queue,
                input,
                request.Timeout ?? kind.Description.Timeout,
                request.MaxAttempts ?? kind.Description.Retry.MaxAttempts,
                RunAt(request, now),
                request.Tags ?? [],
                traceParent,
                request.Deadline is { } deadline ? Milliseconds(deadline) : null,
                KeyOf(request),
                callback),
            null);
    }

    private static List<ProblemError>? Check(SubmitTaskRequest request, DateTimeOffset now)
    {
        List<ProblemError>? wrong = null;
        if (request.Queue is { } queue && !Names.IsQueue(queue))
            Add("queue", $"'{Problems.Short(queue)}' is not {Names.QueueRule}.");
        if (request.Delay is not null && request.RunAt is not null)
            Add("delay", "Give either delay or runAt, not both.");
        if (request.Delay < TimeSpan.Zero)
            Add("delay", "It is negative.");
        if (request.Delay > SubmitTaskRequest.LongestDelay)
            Add("delay", "It is more than a year.");
        if (request.RunAt - now > SubmitTaskRequest.LongestDelay)
            Add("runAt", "It is more than a year ahead.");
        if (request.Timeout is { } timeout && (timeout < TimeSpan.FromMilliseconds(1) || timeout > SubmitTaskRequest.LongestTimeout))
            Add("timeout", "It is not from PT0.001S to PT24H.");
        if (request.Deadline is { } deadline)
            CheckDeadline(Milliseconds(deadline));
        if (request.MaxAttempts is < 1 or > RetryPolicy.MostAttempts)
            Add("maxAttempts", $"It is not from 1 to {RetryPolicy.MostAttempts}.");
        if (request.Tags is { Count: > 0 } tags)
            CheckTags(tags);
        if (request.IdempotencyKey is { } key && !Names.IsIdempotencyKey(key))
            Add("idempotencyKey", $"It is not {Names.IdempotencyKeyRule}.");
        return wrong;

        void Add(string member, string detail) => (wrong ??= []).Add(new ProblemError(detail, $"#/{member}"));

        void CheckDeadline(DateTimeOffset deadline)
        {
            if (deadline <= now)
                Add("deadline", "It has passed: the task could never start.");
            else if (deadline <= RunAt(request, now))
                Add("deadline", "It is not after the time the task may start: it could never start.");
        }

        void CheckTags(IReadOnlyList<string> tags)
        {
            if (tags.Count > SubmitTaskRequest.MaxTags)
                Add("tags", $"More than {SubmitTaskRequest.MaxTags} tags.");
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < tags.Count && i < SubmitTaskRequest.MaxTags; i++)
            {
                if (!Names.IsTag(tags[i]))
                    Add($"tags/{i}", $"It is not {Names.TagRule}.");
                else if (!seen.Add(tags[i]))
                    Add($"tags/{i}", $"'{tags[i]}' is there more than once.");
            }
        }
    }

    // One scope for all callers and doors, so that a new API key opens no double submit: docs/decisions/0042.
    private static IdempotencyKey? KeyOf(SubmitTaskRequest request) =>
        request.IdempotencyKey is { } key ? new IdempotencyKey(IdempotencyKey.SharedScope, key, RequestFingerprint.Of(request)) : null;

    private static DateTimeOffset? RunAt(SubmitTaskRequest request, DateTimeOffset now)
    {
        var at = request.Delay is { } delay && delay > TimeSpan.Zero ? now + delay : request.RunAt;
        return at is { } time ? Milliseconds(time) : null;
    }

    /// <summary>To the millisecond, as it is shown.</summary>
    private static DateTimeOffset Milliseconds(DateTimeOffset time) => new(time.Ticks - time.Ticks % TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
}
