using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Messaging.EntityFramework;

/// <summary>
/// For services that run a relay themselves (<c>AddOutboxRelay</c>): wakes it when a transaction with enqueued tasks has been committed, so that
/// they are published at once instead of within half a second.
/// <c>options.UseNpgsql(…).AddInterceptors(new RelayWaker(provider.GetRequiredService&lt;OutboxSignal&gt;().Wake))</c>.
/// </summary>
/// <param name="wake">Wakes the relay; returns at once.</param>
public sealed class RelayWaker(Action wake) : DbTransactionInterceptor
{
    /// <inheritdoc/>
    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData)
    {
        ArgumentNullException.ThrowIfNull(eventData);
        Wake(eventData);
    }

    /// <inheritdoc/>
    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(eventData);
        Wake(eventData);
        return Task.CompletedTask;
    }

    private void Wake(TransactionEndEventData committed)
    {
        if (committed.Context is { } db && TaskEnqueueing.HasTasks(db, committed.TransactionId))
            wake();
    }
}
