using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Outbox;

/// <summary>One outbox row with what it stands for: the relay's unit of work.</summary>
/// <param name="Id">The row; deleted when every task in it is confirmed by the broker.</param>
/// <param name="Queue">The queue of all of them.</param>
/// <param name="Tasks">What must be published.</param>
public sealed record OutboxBatch(Guid Id, string Queue, IReadOnlyList<RunTask> Tasks)
{
    /// <summary>The channel of the consumer that was sent an express copy of its only task; null: none was sent.</summary>
    public string? SentAheadTo { get; init; }
}
