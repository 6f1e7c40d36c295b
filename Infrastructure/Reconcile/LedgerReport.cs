namespace Messaging.Infrastructure.Reconcile;

/// <summary>What the last comparison of the ledger with itself found.</summary>
public sealed record LedgerReport
{
    /// <summary>When it was made; null: never yet.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>The process that made it.</summary>
    public Guid? CheckedBy { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Every task accepted before has been looked at; null: none yet.</summary>
    public DateTimeOffset? CheckedUpTo { get; init; }

    /// <summary>Tasks accepted before <see cref="CheckedUpTo"/>, since the ledger began.</summary>
    public long Accepted { get; init; }

    /// <summary>Of these, those that have ended, removed ones included.</summary>
    public long Ended { get; init; }

    /// <summary>Tasks that wait for a time.</summary>
    public long Scheduled { get; init; }

    /// <summary>Tasks that wait for something else.</summary>
    public long Waiting { get; init; }

    /// <summary>Tasks that are ready to run.</summary>
    public long Queued { get; init; }

    /// <summary>Tasks that run.</summary>
    public long Running { get; init; }

    /// <summary>Accepted tasks that are neither open nor ended. 0 when all is well.</summary>
    public long Unaccounted { get; init; }

    /// <summary>Tasks that had been due for more than a minute.</summary>
    public long Overdue { get; init; }

    /// <summary>Claims, older than a minute, of workers that did not exist.</summary>
    public long Orphans { get; init; }

    /// <summary>Outbox rows: batches that were not published yet.</summary>
    public long OutboxRows { get; init; }

    /// <summary>How old the oldest outbox row was.</summary>
    public TimeSpan OutboxLag { get; init; }

    /// <summary>Repaired tasks since the ledger began, by sort (<see cref="RepairSorts"/>).</summary>
    public IReadOnlyDictionary<string, long> Repairs { get; init; } = new Dictionary<string, long>();
}
