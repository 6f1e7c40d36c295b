using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Cancel;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Depth;
using Messaging.Infrastructure.Store.Expire;
using Messaging.Infrastructure.Store.Explain;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Kinds;
using Messaging.Infrastructure.Store.Read;
using Messaging.Infrastructure.Store.Remove;
using Messaging.Infrastructure.Store.Submit;
using Messaging.Infrastructure.Store.Suspects;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Infrastructure.Store;

/// <summary>Puts the ledger's stages into a host.</summary>
public static class LedgerRegistration
{
    /// <summary>
    /// Registers the ledger: connections, clock, identity, and the stages submit, claim, finish, cancel. Settings come from the
    /// section <c>Messaging</c>. Comes first: the host's start waits here until the ledger can be used. A relay must be registered too (<see cref="Outbox.IRelayInbox"/>).
    /// </summary>
    public static IServiceCollection AddLedger(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<LedgerOptions>().Bind(configuration.GetSection("Messaging")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<QueueDepthOptions>().Bind(configuration.GetSection("Messaging:Queues")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<IdempotencyOptions>().Bind(configuration.GetSection("Messaging:Idempotency")).ValidateDataAnnotations().ValidateOnStart();
        services.AddMetrics();
        services.AddOptions<FileStoreOptions>().Bind(configuration.GetSection("Messaging:Files")).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<LedgerConnections>();
        services.AddSingleton<LedgerClock>();
        services.AddSingleton<InstanceIdentity>();
        services.AddSingleton<TaskChanges>();
        services.AddSingleton<QueueDepths>();
        services.AddSingleton<FileEraser>();
        services.AddSingleton<FileStore>();
        services.AddSingleton<LargeTexts>();
        services.AddSingleton<ExpressRoutes>();
        services.AddSingleton<SubmitStage>();
        services.AddSingleton<ClaimStage>();
        services.AddSingleton<ITaskClaims>(provider => provider.GetRequiredService<ClaimStage>());
        services.AddSingleton<FinishStage>();
        services.AddSingleton<HandlerTransactions>();
        services.AddSingleton<CancelStage>();
        services.AddSingleton<RemoveStage>();
        services.AddSingleton<ExpireStage>();
        services.TryAddSingleton<OutboxSignal>();
        services.AddSingleton<DeadLetterStage>();
        services.AddSingleton<DeadLetterSearch>();
        services.AddSingleton<SuspectStage>();
        services.AddSingleton<TaskContents>();
        services.AddSingleton<TaskReader>();
        services.AddSingleton<TaskSearch>();
        services.AddSingleton<TaskLookup>();
        services.AddSingleton<TaskExplainer>();
        services.AddSingleton<TaskWatcher>();
        services.AddSingleton<WorkerList>();
        services.AddSingleton<KindRegistry>();
        services.AddSingleton<KindCatalog>();
        services.AddHostedService<LedgerStartup>();
        services.AddHostedService(provider => provider.GetRequiredService<KindCatalog>());
        services.AddHostedService(provider => provider.GetRequiredService<ExpressRoutes>());
        return services;
    }

    /// <summary>Counts the queues' depths in this process, so that <see cref="QueueDepths.Check"/> knows more than what it accepted itself. For producers.</summary>
    public static IServiceCollection AddQueueDepths(this IServiceCollection services) =>
        services.AddHostedService(provider => provider.GetRequiredService<QueueDepths>());

    /// <summary>Keeps the SQL function <c>messaging.submit</c> told of this process's settings. For producers.</summary>
    public static IServiceCollection AddSqlSubmit(this IServiceCollection services) => services.AddHostedService<SqlSubmitSettings>();
}
