namespace Messaging.Infrastructure.Store.GroupCommit;

/// <summary>The bounds of one group commit.</summary>
public sealed record GroupCommitOptions
{
    /// <summary>For logs and errors: "submit", "claim".</summary>
    public required string Name { get; init; }

    /// <summary>How many batches may be under way at once. Default 2; the second goes beside the first only when it is full, or when the first is slow.</summary>
    public int Writers { get; init; } = 2;

    /// <summary>The most items in one batch. Default 500. More makes a batch slower without making it cheaper.</summary>
    public int MaxItems { get; init; } = 500;

    /// <summary>The most bytes in one batch, by the items' own weight. Default 4 MiB. One heavier item goes alone.</summary>
    public int MaxBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How many items may wait. Default 10,000. Callers wait for room beyond that.</summary>
    public int Capacity { get; init; } = 10_000;

    /// <summary>
    /// The most bytes that may wait or be under way, by the items' own weight. Default 256 MiB. Beyond that an item is refused at once: who
    /// waits for room would hold the bytes all the same.
    /// </summary>
    public long CapacityBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>How long an item may wait in all, for room and for the ledger. Default 10 seconds. <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(10);
}
