using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Connections;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>
/// A relay that never gets to work: rows stand in the name of a process that lives, so no sweeper takes them, and nobody publishes them
/// until they are given up.
/// </summary>
/// <param name="identity">Who owns the rows.</param>
internal sealed class KeptInbox(InstanceIdentity identity) : IRelayInbox
{
    /// <inheritdoc/>
    public IRelayReservation? TryReserve(string queue, int tasks) => new Kept(identity.Id);

    /// <inheritdoc/>
    public IRelayReservation? TryReserve(int tasks) => new Kept(identity.Id);

    private sealed record Kept(Guid Owner) : IRelayReservation
    {
        /// <inheritdoc/>
        public bool MayGoAhead => false;

        /// <inheritdoc/>
        public void HandOver(IReadOnlyList<OutboxBatch> batches)
        {
        }

        /// <inheritdoc/>
        public void Dispose()
        {
        }
    }
}
