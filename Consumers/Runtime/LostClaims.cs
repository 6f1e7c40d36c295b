using Messaging.Contracts.Handlers;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Connections;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// When this worker finds that it was declared dead, stops everything that it had claimed: others run it by now. It goes on under its
/// new identity.
/// </summary>
internal sealed class LostClaims(InstanceHeartbeat heartbeat, InstanceIdentity identity, RunningTasks running, ILogger<LostClaims> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        heartbeat.DeclaredDead += StopLost;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        heartbeat.DeclaredDead -= StopLost;
        return Task.CompletedTask;
    }

    // Whatever is not under the present identity: there may have been more than one in between.
    private void StopLost(Guid dead)
    {
        var present = identity.Id;
        log.ClaimsLost(dead, running.Stop(execution => execution.Fence.Worker != present, StopReason.ClaimLost));
    }
}
