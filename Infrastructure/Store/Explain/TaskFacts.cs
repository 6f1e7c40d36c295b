using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;

namespace Messaging.Infrastructure.Store.Explain;

/// <summary>What is known of a task and of those who could run it, at one moment.</summary>
public sealed record TaskFacts
{
    /// <summary>The task.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required TaskState State { get; init; }

    /// <summary>The moment, by the ledger's clock.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The attempt that runs, or the last one; 0 before the first.</summary>
    public int Attempt { get; init; }

    /// <summary>Attempts in all.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>As asked for.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>While scheduled: when it is queued.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>While running: since when.</summary>
    public DateTimeOffset? ClaimedAt { get; init; }

    /// <summary>When it was last queued.</summary>
    public DateTimeOffset? QueuedAt { get; init; }

    /// <summary>While running: by whom.</summary>
    public Guid? Worker { get; init; }

    /// <summary>Somebody called it off.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>A worker died while it ran.</summary>
    public bool Suspect { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When a person put the dead letter away.</summary>
    public DateTimeOffset? DiscardedAt { get; init; }

    /// <summary>How the last attempt ended that did not simply succeed: one of <see cref="AttemptOutcomes"/>.</summary>
    public string? LastOutcome { get; init; }

    /// <summary>Why.</summary>
    public TaskFailure? LastFailure { get; init; }

    /// <summary>While it waits in the outbox to be published: since when.</summary>
    public DateTimeOffset? InOutboxSince { get; init; }

    /// <summary>How many tasks of its queue were queued before it, up to <see cref="TaskExplainer.MostCounted"/>.</summary>
    public int Ahead { get; init; }

    /// <summary>Who could run it.</summary>
    public required ExplainWorkers Workers { get; init; }

    /// <summary>How this process sees the broker. Default: nothing is wrong with it.</summary>
    public BrokerView Broker { get; init; }
}
