using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>Puts the reconciler into a host.</summary>
public static class ReconcileRegistration
{
    /// <summary>
    /// Registers the reconciler. Needs the ledger, a way to the broker, the relay and the maintenance. Any number of processes may run
    /// it side by side: one at a time does the work. Settings come from the section <c>Messaging:Reconcile</c> (<see cref="ReconcileOptions"/>).
    /// </summary>
    public static IServiceCollection AddReconciler(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<ReconcileOptions>().Bind(configuration.GetSection("Messaging:Reconcile")).ValidateDataAnnotations().ValidateOnStart();
        services.AddMetrics();
        services.TryAddSingleton<Outbox.OutboxSignal>();
        services.AddSingleton<ReconcileMeter>();
        services.TryAddSingleton<Turns>();
        services.AddSingleton<Repairs>();
        services.AddSingleton<QueueMarkers>();
        services.AddSingleton<LedgerComparison>();
        services.AddSingleton<LedgerReports>();
        services.AddSingleton<LedgerReconciler>();
        services.AddHostedService(provider => provider.GetRequiredService<LedgerReconciler>());
        return services;
    }
}
