using System.Diagnostics.CodeAnalysis;
using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Http;

/// <summary>Every answer that says no (RFC 9457, <c>application/problem+json</c>).</summary>
public sealed record Problem
{
    /// <summary>The media type.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>What sort of problem: one of <see cref="ProblemTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>The sort in a few words for people; the same for every problem of a type.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What is wrong this time, for people.</summary>
    public string? Detail { get; init; }

    /// <summary>The path that was asked for; left out in the lines of a batch.</summary>
    public string? Instance { get; init; }

    /// <summary>The fields that are wrong.</summary>
    public IReadOnlyList<ProblemError>? Errors { get; init; }

    /// <summary>For <see cref="ProblemTypes.MalformedJson"/>: the line of the body, from 1.</summary>
    public long? Line { get; init; }

    /// <summary>For <see cref="ProblemTypes.MalformedJson"/>: the byte in that line, from 1.</summary>
    public long? BytePosition { get; init; }

    /// <summary>Known names near an unknown one, best first.</summary>
    public IReadOnlyList<string>? Nearest { get; init; }

    /// <summary>The state of the task that stands in the way.</summary>
    public TaskState? State { get; init; }

    /// <summary>Why the task failed.</summary>
    public TaskFailure? Failure { get; init; }

    /// <summary>The task that an idempotency key has made before.</summary>
    public Guid? TaskId { get; init; }

    /// <summary>The queue that is full.</summary>
    public string? Queue { get; init; }

    /// <summary>How many open tasks the queue holds, counted a few seconds ago.</summary>
    public long? Depth { get; init; }

    /// <summary>What is allowed: open tasks of the queue, bytes of a body, tasks of a batch.</summary>
    public long? Limit { get; init; }

    /// <summary>Seconds until another try makes sense; also in the header <c>Retry-After</c>.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The W3C trace id of the request: what to look for in logs and traces.</summary>
    public string? TraceId { get; init; }
}

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Detail">What, for people.</param>
/// <param name="Pointer">Where in the body: a JSON pointer as URI fragment, <c>#/input/urls/0</c>. Null if it is not in the body.</param>
/// <param name="Parameter">Which path or query parameter. Null if it is in the body.</param>
/// <param name="Header">Which header. Null if it is in the body.</param>
[SuppressMessage("Naming", "CA1720", Justification = "RFC 9457 calls it pointer.")]
public sealed record ProblemError(string Detail, string? Pointer = null, string? Parameter = null, string? Header = null);
