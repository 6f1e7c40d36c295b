using Messaging.Infrastructure.Store.DeadLetters;

namespace Messaging.Infrastructure.Operations;

/// <summary>What an operation does with each dead letter.</summary>
public enum OperationAction
{
    /// <summary>Queues it again.</summary>
    Retry,

    /// <summary>Puts it away.</summary>
    Discard,
}

/// <summary>Where an operation is in its life. Stored as numbers: their order never changes.</summary>
public enum OperationState
{
    /// <summary>Accepted; nobody has begun.</summary>
    Pending,

    /// <summary>A producer works on it, or the one that did has died and another will go on.</summary>
    Running,

    /// <summary>All that matched was dealt with.</summary>
    Finished,

    /// <summary>A person stopped it; what was done stays done.</summary>
    Stopped,
}

/// <summary>An operation on all dead letters that match a filter, as the ledger has it.</summary>
public sealed record Operation
{
    /// <summary>A UUIDv7.</summary>
    public required Guid Id { get; init; }

    /// <summary>What it does.</summary>
    public required OperationAction Action { get; init; }

    /// <summary>With which dead letters.</summary>
    public required DeadLetterFilter Filter { get; init; }

    /// <summary>Where it is.</summary>
    public required OperationState State { get; init; }

    /// <summary>The most it does in a second; null: as many as it can.</summary>
    public int? RatePerSecond { get; init; }

    /// <summary>Why somebody wanted it.</summary>
    public string? Reason { get; init; }

    /// <summary>How many matched when it was accepted.</summary>
    public required long Total { get; init; }

    /// <summary>False if there were too many to count them all: then there are more than <see cref="Total"/>.</summary>
    public required bool TotalIsExact { get; init; }

    /// <summary>Retried or discarded.</summary>
    public long Done { get; init; }

    /// <summary>Matched, but somebody else was quicker.</summary>
    public long Skipped { get; init; }

    /// <summary>Could not be moved; <see cref="Error"/> says why the last one could not.</summary>
    public long Failed { get; init; }

    /// <summary>Why the last one that could not be moved could not.</summary>
    public string? Error { get; init; }

    /// <summary>When it was accepted. Only what had failed before is taken.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When somebody began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it finished or was stopped.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}
