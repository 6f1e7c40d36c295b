using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Kinds;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Outbox;

/// <summary>Puts the relay and the sweeper into a host.</summary>
public static class OutboxRegistration
{
    /// <summary>
    /// Registers <see cref="IRelayInbox"/> with everything behind it. Needs the ledger, the instance's heartbeat and
    /// <see cref="BrokerRegistration.AddBrokerPublishing"/>; comes after them and before whatever commits outbox rows, because hosts
    /// stop in the reverse order. Settings come from the section <c>Messaging:Relay</c> (<see cref="RelayOptions"/>).
    /// </summary>
    public static IServiceCollection AddOutboxRelay(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<RelayOptions>().Bind(configuration.GetSection("Messaging:Relay")).ValidateDataAnnotations().ValidateOnStart();
        services.AddMetrics();
        services.TryAddSingleton<OutboxSignal>();
        services.AddSingleton<RelayMeter>();
        services.AddSingleton<SettleStage>();
        services.AddSingleton<ExpressCopies>();
        services.AddSingleton(provider => new OutboxRelay(
            provider.GetRequiredService<ITaskPublisher>(),
            provider.GetRequiredService<ExpressCopies>(),
            provider.GetRequiredService<SettleStage>(),
            provider.GetRequiredService<InstanceIdentity>(),
            provider.GetRequiredService<KindCatalog>().MeanRun,
            provider.GetRequiredService<IOptions<RelayOptions>>(),
            provider.GetRequiredService<RelayMeter>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<OutboxRelay>>()));
        services.AddSingleton<IRelayInbox>(provider => provider.GetRequiredService<OutboxRelay>());
        services.AddHostedService(provider => provider.GetRequiredService<OutboxRelay>());
        services.AddSingleton<OutboxSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<OutboxSweeper>());
        return services;
    }
}
