using System.Collections.Concurrent;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Connections;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// The deliveries that this worker has received and not acknowledged. Each heartbeat tells the ledger since when the oldest of them is
/// undecided, so that no task in it is taken for lost.
/// </summary>
internal sealed class DeliveriesInHand
{
    private readonly ConcurrentDictionary<Delivery, bool> _present = new();
    private readonly LedgerClock _clock;
    private long _lastReturned;

    public DeliveriesInHand(InstanceProfile profile, LedgerClock clock)
    {
        _clock = clock;
        profile.InHand = Read;
    }

    /// <summary>Notes a delivery before anything is done with it.</summary>
    public Delivery Take(TaskExecution[] executions)
    {
        var delivery = new Delivery(_clock.Now, executions);
        _present[delivery] = true;
        return delivery;
    }

    /// <summary>The delivery ends. If it is undecided, the broker will deliver it again.</summary>
    public void Release(Delivery delivery)
    {
        if (!delivery.IsDecided)
            Volatile.Write(ref _lastReturned, _clock.Now.UtcTicks); // before it leaves: a heartbeat in between sees one or the other
        _present.TryRemove(delivery, out _);
    }

    private InHand Read()
    {
        DateTimeOffset? oldest = null;
        foreach (var (delivery, _) in _present)
        {
            if ((oldest is null || delivery.ReceivedAt < oldest) && !delivery.IsDecided)
                oldest = delivery.ReceivedAt;
        }

        var returned = Volatile.Read(ref _lastReturned);
        return new InHand(oldest, returned == 0 ? null : new DateTimeOffset(returned, TimeSpan.Zero));
    }

    /// <summary>A delivery with its executions; those that have no slot yet are null.</summary>
    internal sealed class Delivery(DateTimeOffset receivedAt, TaskExecution?[] executions)
    {
        private volatile bool _restHandedBack;

        /// <summary>By the ledger's clock.</summary>
        public DateTimeOffset ReceivedAt { get; } = receivedAt;

        /// <summary>True once each of its tasks is claimed, refused or handed back.</summary>
        public bool IsDecided
        {
            get
            {
                foreach (var execution in executions)
                {
                    if (execution is null ? !_restHandedBack : !execution.IsDecided)
                        return false;
                }

                return true;
            }
        }

        /// <summary>What was not started is in the outbox.</summary>
        public void RestHandedBack() => _restHandedBack = true;
    }
}
