namespace Messaging.Contracts.Http;

/// <summary>What the last check of the ledger found, as <c>GET /v1/ledger</c> shows it. A check is made about once a minute.</summary>
public sealed record LedgerResponse
{
    /// <summary>When the last check was made, by the ledger's clock. Left out before the first.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Every task accepted before has been looked at. About a minute ago, unless the check lags behind. Left out before the first.</summary>
    public DateTimeOffset? CheckedUpTo { get; init; }

    /// <summary>How long the check took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Tasks accepted before <see cref="CheckedUpTo"/>, since the ledger began.</summary>
    public required long Accepted { get; init; }

    /// <summary>Of these, those that have ended, removed ones included.</summary>
    public required long Ended { get; init; }

    /// <summary>All unfinished tasks at the time of the check, those accepted later included.</summary>
    public required LedgerOpen Open { get; init; }

    /// <summary>Accepted tasks that are neither open nor ended: 0 when all is well.</summary>
    public required long Unaccounted { get; init; }

    /// <summary>Tasks that had been due for more than a minute.</summary>
    public required long Overdue { get; init; }

    /// <summary>Claims, older than a minute, of workers that did not exist.</summary>
    public required long OrphanClaims { get; init; }

    /// <summary>What was not published yet.</summary>
    public required LedgerOutbox Outbox { get; init; }

    /// <summary>Repaired tasks since the ledger began, by sort: <c>lost-in-broker</c>, <c>ended-but-open</c>, <c>overdue</c>, <c>orphan-claim</c>.</summary>
    public required IReadOnlyDictionary<string, long> Repairs { get; init; }
}

/// <summary>Unfinished tasks by state.</summary>
/// <param name="Scheduled">Wait for a time.</param>
/// <param name="Waiting">Wait for something else.</param>
/// <param name="Queued">Ready to run.</param>
/// <param name="Running">Run.</param>
public sealed record LedgerOpen(long Scheduled, long Waiting, long Queued, long Running);

/// <summary>What was not published yet.</summary>
/// <param name="Rows">Batches.</param>
/// <param name="Lag">How old the oldest was.</param>
public sealed record LedgerOutbox(long Rows, TimeSpan Lag);
