namespace Messaging.Infrastructure.Store.Connections;

/// <summary>
/// Who this process is to the ledger: the owner of its outbox rows and, with a claim number, the fence of its claims.
/// New at each start, and renewed when the process finds that it was declared dead.
/// </summary>
public sealed class InstanceIdentity
{
    private sealed record Box(Guid Id);

    private Box _id = new(Guid.NewGuid());
    private long _claims;

    /// <summary>The present identity.</summary>
    public Guid Id => Volatile.Read(ref _id).Id;

    /// <summary>The next claim number: rises over the life of the process, also over renewals.</summary>
    public long NextClaim() => Interlocked.Increment(ref _claims);

    /// <summary>Takes a new identity. What the old one had claimed or owned belongs to others now.</summary>
    public Guid Renew()
    {
        var renewed = new Box(Guid.NewGuid());
        Volatile.Write(ref _id, renewed);
        return renewed.Id;
    }
}
