using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Kinds;

/// <summary>Where workers say which kinds they run. A producer validates by it, also for workers it never heard of at build time.</summary>
public sealed class KindRegistry(LedgerConnections ledger)
{
    /// <summary>Registers kinds or brings them up to date.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task UpsertAsync(IReadOnlyList<KindDescription> kinds, CancellationToken cancellationToken)
    {
        var rows = kinds.OrderBy(k => k.Name, StringComparer.Ordinal).ToArray();
        await using var connection = await ledger.Control.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(
            KindSql.Upsert,
            Array.ConvertAll(rows, k => k.Name),
            Array.ConvertAll(rows, k => k.Description),
            Array.ConvertAll(rows, k => k.Queue),
            Array.ConvertAll(rows, k => k.InputSchema),
            Array.ConvertAll(rows, k => k.ResultSchema),
            Array.ConvertAll(rows, k => (long)k.Timeout.TotalMilliseconds),
            Array.ConvertAll(rows, k => k.Retry.MaxAttempts),
            Array.ConvertAll(rows, k => (long)k.Retry.FirstDelay.TotalMilliseconds),
            Array.ConvertAll(rows, k => (long)k.Retry.MaxDelay.TotalMilliseconds));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Publishes how long this worker's attempts run on average, by kind.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task PublishMeansAsync(IReadOnlyDictionary<string, TimeSpan> means, CancellationToken cancellationToken)
    {
        var rows = means.OrderBy(m => m.Key, StringComparer.Ordinal).ToArray();
        await using var connection = await ledger.Control.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(KindSql.PublishMeans, Array.ConvertAll(rows, m => m.Key), Array.ConvertAll(rows, m => (float)m.Value.TotalMilliseconds));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
