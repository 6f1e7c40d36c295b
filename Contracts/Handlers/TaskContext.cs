using System.Data.Common;

namespace Messaging.Contracts.Handlers;

/// <summary>What a handler may know of the attempt that it runs. Safe to use from several threads.</summary>
public abstract class TaskContext
{
    /// <summary>The task.</summary>
    public abstract Guid TaskId { get; }

    /// <summary>Its kind.</summary>
    public abstract string Kind { get; }

    /// <summary>The queue that it came from.</summary>
    public abstract string Queue { get; }

    /// <summary>This attempt, from 1. Hand-backs, deploys and lost workers do not count.</summary>
    public abstract int Attempt { get; }

    /// <summary>After this many attempts a failure is final.</summary>
    public abstract int MaxAttempts { get; }

    /// <summary>Why the handler's token was cancelled; <see cref="StopReason.None"/> while it was not.</summary>
    public abstract StopReason StopReason { get; }

    /// <summary>
    /// Says how far the task is. Returns at once: reports are written five times a second, up to 20 of an attempt each time and, over all
    /// attempts of a worker, 1,000; of what is more, the latest. The last report before the end of the attempt is always written, and before it.
    /// </summary>
    /// <param name="percent">0 to 100; values outside are moved to the nearer end.</param>
    /// <param name="message">What it is doing, for people; at most 1,000 characters are kept.</param>
    public abstract void ReportProgress(double percent, string? message = null);

    /// <summary>
    /// Begins the transaction that this attempt's result will be recorded in, on the ledger's database. What the handler writes in it is
    /// kept exactly if its result is: when the handler returns, the worker records the result and commits; if it throws, or if
    /// the task was given to another worker meanwhile, everything is rolled back. Effects in tables of that database then happen once,
    /// however often the handler runs.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for a free connection.</param>
    /// <returns>
    /// The open transaction, with its <see cref="DbTransaction.Connection"/>; the same one at each call. The handler neither commits
    /// nor rolls it back. Begin it late: its connection is one of few, and rows that it changes are locked until the end.
    /// </returns>
    /// <exception cref="NotSupportedException">This context belongs to no real attempt.</exception>
    public virtual Task<DbTransaction> BeginTransactionAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType()} has no transaction.");
}
