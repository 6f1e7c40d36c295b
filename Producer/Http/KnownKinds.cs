using System.Diagnostics.CodeAnalysis;
using Messaging.Infrastructure.Store.Kinds;

namespace Messaging.Producer.Http;

/// <summary>The registered kinds, read anew before one is called unknown: a worker may have registered it a moment ago.</summary>
internal sealed class KnownKinds(KindCatalog catalog, TimeProvider time)
{
    // A client that misspells a kind a thousand times a second must not become a load on the ledger.
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private Task? _read;
    private long _readAt;

    public IReadOnlyCollection<string> Names => [.. catalog.All.Select(k => k.Description.Name)];

    /// <summary>Finds a kind among those known already.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out RegisteredKind? kind) => catalog.TryGet(name, out kind);

    /// <summary>Finds a kind, if need be in the ledger; null if no worker has registered it.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger can't be reached, so nobody knows.</exception>
    public async ValueTask<RegisteredKind?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (catalog.TryGet(name, out var known))
            return known;
        Task read;
        lock (_lock)
        {
            if (_read is null || (_read.IsCompleted && time.GetElapsedTime(_readAt) >= BetweenReads))
            {
                _readAt = time.GetTimestamp();
                _read = catalog.RefreshAsync(CancellationToken.None);
            }

            read = _read;
        }

        await read.WaitAsync(cancellationToken);
        return catalog.TryGet(name, out known) ? known : null;
    }
}
