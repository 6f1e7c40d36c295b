using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Suspects;

/// <summary>What a worker tells the ledger of suspects, the tasks whose worker died while it ran them.</summary>
public sealed class SuspectStage(LedgerConnections ledger)
{
    /// <summary>It has run long enough without killing its worker. Does nothing if the claim is not the row's any more.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task ClearAsync(Guid taskId, Fence fence, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Relaxed.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(SuspectSql.Clear, taskId, fence.Worker, fence.ClaimNo);
        await batch.ExecutePreparedAsync(cancellationToken);
    }

    /// <summary>Puts tasks off that were received but not claimed. Those that are no longer queued stay as they are.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task PostponeAsync(IReadOnlyCollection<(Guid Id, TimeSpan Delay)> tasks, CancellationToken cancellationToken)
    {
        var ordered = tasks.OrderBy(t => t.Id).ToArray();
        await using var connection = await ledger.Durable.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(
            SuspectSql.Postpone,
            Array.ConvertAll(ordered, t => t.Id),
            Array.ConvertAll(ordered, t => (long)Math.Ceiling(t.Delay.TotalMilliseconds)));
        await batch.ExecutePreparedAsync(cancellationToken);
    }
}
