using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Infrastructure.Operations;

/// <summary>Puts operations into a host.</summary>
public static class OperationRegistration
{
    /// <summary>
    /// Registers the store of operations and what executes them. Needs the ledger and the instance's heartbeat, and comes behind them. Any number
    /// of processes may run it side by side.
    /// </summary>
    public static IServiceCollection AddOperations(this IServiceCollection services)
    {
        services.AddSingleton<OperationSignal>();
        services.AddSingleton<OperationStore>();
        services.AddSingleton<OperationBatch>();
        services.AddSingleton<OperationRunner>();
        services.AddHostedService(provider => provider.GetRequiredService<OperationRunner>());
        return services;
    }
}
