namespace Messaging.Infrastructure.Reconcile;

/// <summary>The names of what the reconciler repairs: in the metric <c>messaging.ledger.repairs</c>, in <c>GET /v1/ledger</c> and in logs.</summary>
public static class RepairSorts
{
    /// <summary>Published, and then lost by the broker: put into the outbox again.</summary>
    public const string LostInBroker = "lost-in-broker";

    /// <summary>Open although there is an outcome: the outcome stands, the open row is removed.</summary>
    public const string EndedButOpen = "ended-but-open";

    /// <summary>Due for more than a minute although promoters run: queued.</summary>
    public const string Overdue = "overdue";

    /// <summary>Claimed for more than a minute by a worker that does not exist: queued.</summary>
    public const string OrphanClaim = "orphan-claim";
}
