using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Http;

/// <summary>A task as <c>GET /v1/tasks/{id}</c> shows it. A member without a value is left out.</summary>
public sealed record TaskResponse
{
    /// <summary>A UUIDv7: ids sort by the time of acceptance.</summary>
    public required Guid Id { get; init; }

    /// <summary>The kind.</summary>
    public required string Kind { get; init; }

    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required TaskState State { get; init; }

    /// <summary>The input as it was sent, or as it was last edited. Left out in lists.</summary>
    public RawJson? Input { get; init; }

    /// <summary>What the handler returned, once <see cref="State"/> is succeeded. Left out in lists.</summary>
    public RawJson? Result { get; init; }

    /// <summary>Why it ended without a result.</summary>
    public TaskFailure? Failure { get; init; }

    /// <summary>While <see cref="State"/> is failed: 16 hex digits, the same for failures of the same cause.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>When a person discarded this dead letter; left out otherwise.</summary>
    public DateTimeOffset? DiscardedAt { get; init; }

    /// <summary>The attempt that runs, or the last one; 0 before the first, and again after a person's retry.</summary>
    public required int Attempt { get; init; }

    /// <summary>Attempts in all.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>How far the running attempt is, if it said so.</summary>
    public TaskProgress? Progress { get; init; }

    /// <summary>True while somebody has called the task off and its worker has not let go yet; otherwise left out.</summary>
    public bool? CancelRequested { get; init; }

    /// <summary>The tags, in the order of the request.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>When it was accepted, by the ledger's clock; the time in <see cref="Id"/>.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Not before: as asked for, or, while scheduled, when it is due next.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Before which its runs must start; left out if it has none.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>When the last attempt started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Where to go from here.</summary>
    public required TaskLinks Links { get; init; }
}

/// <summary>Addresses that belong to a task, relative to the service.</summary>
/// <param name="Self">The task.</param>
/// <param name="Result">Its result alone.</param>
/// <param name="Attempts">Its attempts.</param>
/// <param name="Cancel">To call it off (POST).</param>
/// <param name="Retry">To run it again once it has failed (POST).</param>
/// <param name="Events">What happens to it, as server-sent events.</param>
/// <param name="Explain">Why it is where it is.</param>
/// <param name="Callbacks">Who is told of its end, and how that went; left out if nobody is to be told.</param>
public sealed record TaskLinks(
    string Self, string Result, string Attempts, string Cancel, string Retry, string Events, string Explain, string? Callbacks = null)
{
    /// <summary>The links of a task.</summary>
    /// <param name="id">The task.</param>
    /// <param name="hasCallback">Whether somebody is to be told of its end.</param>
    public static TaskLinks Of(Guid id, bool hasCallback = false)
    {
        var self = $"/v1/tasks/{id}";
        return new TaskLinks(
            self, $"{self}/result", $"{self}/attempts", $"{self}/cancel", $"{self}/retry", $"{self}/events", $"{self}/explain", hasCallback ? $"{self}/callbacks" : null);
    }
}
