using Messaging.Contracts.Handlers;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Cancel;
using Messaging.Infrastructure.Store.Connections;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// Asks the ledger twice a second which running tasks were called off, and stops them. The answer is also the sign that the ledger
/// is there.
/// </summary>
internal sealed class CancellationWatcher(
    CancelStage cancels, RunningTasks running, SlotPool slots, InstanceIdentity identity, InstanceProfile profile, LedgerPulse pulse, TimeProvider time)
    : BackgroundService
{
    /// <summary>How often it asks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            profile.Running = slots.Taken;
            try
            {
                var requested = await cancels.RequestedAsync(identity.Id, stoppingToken);
                if (requested.Count > 0)
                    running.Stop(execution => requested.Contains((execution.Copy.Id, execution.Fence.ClaimNo)), StopReason.Cancelled);
                pulse.Answered();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                pulse.Failed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
