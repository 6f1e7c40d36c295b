using Messaging.Contracts.Tasks;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>All that the ledger knows of a task, from its three tables in one snapshot.</summary>
public sealed record TaskRecord
{
    /// <summary>The task.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required TaskState State { get; init; }

    /// <summary>UTF-8 JSON; null in lists.</summary>
    public ReadOnlyMemory<byte>? Input { get; init; }

    /// <summary>UTF-8 JSON; null unless it succeeded, and in lists.</summary>
    public ReadOnlyMemory<byte>? Result { get; init; }

    /// <summary>Why it ended without a result.</summary>
    public TaskFailure? Failure { get; init; }

    /// <summary>While it is failed: which other failures have the same cause.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>When a person discarded the dead letter; null otherwise.</summary>
    public DateTimeOffset? DiscardedAt { get; init; }

    /// <summary>The attempt that runs, or the last one; 0 before the first.</summary>
    public required int Attempt { get; init; }

    /// <summary>Attempts in all.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>The last report of the running attempt.</summary>
    public TaskProgress? Progress { get; init; }

    /// <summary>Somebody called it off and its worker has not let go yet.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>Somebody is to be told of its end.</summary>
    public bool HasCallback { get; init; }

    /// <summary>Its tags.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Not before: as asked for, or, while scheduled, when it is due next.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Before which its runs must start; null: no deadline.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>When the last attempt started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}
