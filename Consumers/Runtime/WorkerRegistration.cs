using System.Reflection;
using Messaging.Consumers.Kinds;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store.Progress;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Consumers.Runtime;

/// <summary>Puts the worker runtime into a host.</summary>
public static class WorkerRegistration
{
    /// <summary>
    /// Registers the heartbeat and the runtime: what runs tasks, watches over them and stops cleanly. Comes after the ledger and before
    /// the broker, so that the host, which stops its parts in reverse order, stops taking deliveries first and beating last.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">Where <see cref="WorkerOptions"/> are read from.</param>
    /// <param name="assemblies">Where the task handlers are; every one in them is found.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is out of its bounds.</exception>
    /// <exception cref="InvalidOperationException">A handler can't be used, or there is none.</exception>
    public static IServiceCollection AddMessagingWorker(this IServiceCollection services, IConfiguration configuration, params Assembly[] assemblies) =>
        services.AddMessagingWorker(configuration, HandlerRegistry.Scan(assemblies));

    internal static IServiceCollection AddMessagingWorker(this IServiceCollection services, IConfiguration configuration, HandlerRegistry handlers)
    {
        var options = WorkerOptions.Read(configuration);
        foreach (var handler in handlers.All)
            IHandlerServices.AddServicesOf(handler.HandlerType, services, configuration);
        services.AddInstanceHeartbeat(new InstanceProfile
        {
            Role = "consumer",
            Slots = options.Concurrency,
            Queues = options.QueueNames,
            Kinds = [.. handlers.All.Select(handler => handler.Kind.Name).Order(StringComparer.Ordinal)],
        });
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton(handlers);
        services.AddSingleton<DeliveriesInHand>();
        services.AddSingleton<DrainSignal>();
        services.AddSingleton<FinishRecorder>();
        services.AddSingleton<HandBackWriter>();
        services.AddSingleton<LedgerPulse>();
        services.AddSingleton<MarkerRecorder>();
        services.AddSingleton<ProgressStage>();
        services.AddSingleton<ProgressWriter>();
        services.AddSingleton<RunningTasks>();
        services.AddSingleton<SlotPool>();
        services.AddSingleton<SuspectPlaces>();
        services.AddSingleton<SuspectProbation>();
        services.AddSingleton<TaskRunner>();
        services.AddSingleton<WorkerDrain>();
        services.AddSingleton<WorkerMeter>();
        services.AddSingleton<WorkerSlots>();
        services.AddSingleton<ITaskReceiver, TaskReceiver>();
        services.AddSingleton<IExpressReceiver, ExpressReceiver>();
        services.AddHealthChecks().AddCheck<LedgerPulse>("ledger");

        // In this order they start, in the reverse they stop: the drain first, while everything it needs still runs.
        services.AddHostedService<KindAnnouncer>();
        services.AddHostedService<HealthEndpoint>();
        services.AddHostedService<LostClaims>();
        services.AddHostedService(provider => provider.GetRequiredService<ProgressWriter>());
        services.AddHostedService<TimeoutWatcher>();
        services.AddHostedService<CancellationWatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkerDrain>());
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout + (3 * WorkerDrain.LastGrace));
        return services;
    }
}
