using Messaging.Infrastructure.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Infrastructure.Maintenance;

/// <summary>Puts the background loops that every process runs into a host.</summary>
public static class MaintenanceRegistration
{
    /// <summary>
    /// Registers the heartbeat. Comes right after the ledger and before everything that claims or owns: hosts stop in the reverse
    /// order, so the process stays on the list until the runtime has drained and the relay has let go.
    /// </summary>
    public static IServiceCollection AddInstanceHeartbeat(this IServiceCollection services, InstanceProfile profile)
    {
        services.AddSingleton(profile);
        services.AddSingleton<InstanceHeartbeat>();
        services.AddHostedService(provider => provider.GetRequiredService<InstanceHeartbeat>());
        return services;
    }

    /// <summary>Registers the promoter, the deadline sweeper, the rescuer and the partition keeper. Any number of processes may run them side by side.</summary>
    public static IServiceCollection AddMaintenance(this IServiceCollection services)
    {
        services.AddSingleton<TaskPromoter>();
        services.AddHostedService(provider => provider.GetRequiredService<TaskPromoter>());
        services.AddHostedService<DeadlineSweeper>();
        services.AddSingleton<WorkerRescuer>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkerRescuer>());
        services.AddSingleton<PartitionKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<PartitionKeeper>());
        return services;
    }
}
