namespace Messaging.Contracts.Http;

/// <summary>What an operation on many dead letters was asked to do, and how far it is. A member without a value is left out.</summary>
public sealed record OperationResponse
{
    /// <summary>A UUIDv7.</summary>
    public required Guid Id { get; init; }

    /// <summary><c>retry</c> or <c>discard</c>.</summary>
    public required string Action { get; init; }

    /// <summary>With which dead letters.</summary>
    public required DeadLetterFilterShape Filter { get; init; }

    /// <summary><c>pending</c>, <c>running</c>, <c>finished</c> or <c>stopped</c>.</summary>
    public required string State { get; init; }

    /// <summary>The most in a second; left out: as many as it can.</summary>
    public int? RatePerSecond { get; init; }

    /// <summary>Why somebody wanted it.</summary>
    public string? Reason { get; init; }

    /// <summary>How many matched when it was accepted.</summary>
    public required long Total { get; init; }

    /// <summary>False if there were too many to count: there are more than <see cref="Total"/>.</summary>
    public required bool TotalIsExact { get; init; }

    /// <summary>How many it has dealt with: done, skipped and failed together.</summary>
    public required long Matched { get; init; }

    /// <summary>Retried or discarded.</summary>
    public required long Done { get; init; }

    /// <summary>Passed over, because somebody else was quicker.</summary>
    public required long Skipped { get; init; }

    /// <summary>Could not be moved; they are still dead letters.</summary>
    public required long Failed { get; init; }

    /// <summary>Why the last one that could not be moved could not.</summary>
    public string? Error { get; init; }

    /// <summary>When it was accepted. Only what had failed before is taken.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it finished or was stopped.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>Which dead letters an operation takes. A member that is left out does not narrow.</summary>
/// <param name="Kind">Only tasks of this kind.</param>
/// <param name="Queue">Only tasks of this queue.</param>
/// <param name="Fingerprint">Only failures of this cause.</param>
/// <param name="Tag">Only tasks with this tag.</param>
/// <param name="FinishedAfter">Only what failed then or later.</param>
/// <param name="FinishedBefore">Only what failed earlier.</param>
public sealed record DeadLetterFilterShape(
    string? Kind = null,
    string? Queue = null,
    string? Fingerprint = null,
    string? Tag = null,
    DateTimeOffset? FinishedAfter = null,
    DateTimeOffset? FinishedBefore = null);

/// <summary>The answer to a dry run: nothing was changed.</summary>
/// <param name="Action">What would be done.</param>
/// <param name="Filter">With which dead letters.</param>
/// <param name="Total">How many match now.</param>
/// <param name="TotalIsExact">False if there are too many to count: there are more than <paramref name="Total"/>.</param>
/// <param name="Sample">The last few of them to fail, without inputs.</param>
public sealed record DryRunResponse(
    string Action, DeadLetterFilterShape Filter, long Total, bool TotalIsExact, IReadOnlyList<TaskResponse> Sample);
