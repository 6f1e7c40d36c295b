using Messaging.Infrastructure.Store.Changes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Broker;

/// <summary>Puts the way to and from the broker into a host.</summary>
public static class BrokerRegistration
{
    /// <summary>
    /// Registers <see cref="ITaskPublisher"/> and <see cref="BrokerHealth"/>. Settings come from the section <c>Messaging</c>
    /// (<see cref="RabbitMqOptions"/>). The host starts also while the broker is away.
    /// </summary>
    public static IServiceCollection AddBrokerPublishing(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<RabbitMqOptions>().Bind(configuration.GetSection("Messaging")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<RabbitMqOptions>, RabbitMqOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => RabbitMqAddress.Parse(provider.GetRequiredService<IOptions<RabbitMqOptions>>().Value.RabbitMq));
        services.AddMetrics();
        services.AddSingleton<BrokerMeter>();
        services.AddSingleton<PublishingBus>();
        services.AddHostedService(provider => provider.GetRequiredService<PublishingBus>());
        services.AddSingleton<ITaskPublisher, MassTransitPublisher>();
        services.AddHostedService<ChangePublisher>();
        services.AddSingleton(provider => new BrokerHealth(provider.GetRequiredService<PublishingBus>(), provider.GetService<TaskEndpoints>()));
        return services;
    }

    /// <summary>
    /// Registers the queue on which other processes tell this one of changed tasks (<see cref="ChangeEndpoint"/>). Needs
    /// <see cref="AddBrokerPublishing"/> and the ledger. For producers.
    /// </summary>
    public static IServiceCollection AddBrokerListening(this IServiceCollection services)
    {
        services.AddSingleton(provider => new ChangeEndpoint(
            provider.GetRequiredService<TaskChanges>(),
            provider.GetRequiredService<RabbitMqAddress>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ChangeEndpoint>>()));
        services.AddHostedService(provider => provider.GetRequiredService<ChangeEndpoint>());
        return services;
    }

    /// <summary>
    /// Registers the AMQP door, which hands every message to the host's <see cref="ISubmitReceiver"/>. Needs <see cref="AddBrokerPublishing"/>
    /// and the stages that accept; comes after them. Settings come from the section <c>Messaging:Amqp</c> (<see cref="SubmitEndpointOptions"/>).
    /// For producers.
    /// </summary>
    public static IServiceCollection AddBrokerSubmitting(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<SubmitEndpointOptions>().Bind(configuration.GetSection("Messaging:Amqp")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => new SubmitEndpoint(
            provider.GetRequiredService<RabbitMqAddress>(),
            provider.GetRequiredService<ISubmitReceiver>(),
            provider.GetRequiredService<IOptions<SubmitEndpointOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SubmitEndpoint>>()));
        services.AddHostedService(provider => provider.GetRequiredService<SubmitEndpoint>());
        return services;
    }

    /// <summary>
    /// Registers the receiving bus, which hands every delivery to the host's <see cref="ITaskReceiver"/>. Needs <see cref="AddBrokerPublishing"/> and
    /// the ledger. Comes last: hosts stop in the reverse order, and taking stops first.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="queues">The task queues' own names, at least one.</param>
    /// <param name="prefetch">How many unacknowledged messages (packs of tasks) the broker may have delivered per queue, 1 to 65,535.</param>
    public static IServiceCollection AddBrokerReceiving(this IServiceCollection services, IReadOnlyList<string> queues, int prefetch)
    {
        ArgumentNullException.ThrowIfNull(queues);
        ArgumentOutOfRangeException.ThrowIfZero(queues.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(prefetch, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefetch, ushort.MaxValue);
        services.AddSingleton<Rejections>();
        services.AddSingleton<DeadTasks>();
        services.TryAddSingleton<ProcessEnd>();
        services.AddSingleton(provider => new TaskEndpoints(
            provider.GetRequiredService<RabbitMqAddress>(),
            new ReceivingOptions(
                [.. queues.Distinct(StringComparer.Ordinal)], prefetch, provider.GetRequiredService<IOptions<RabbitMqOptions>>().Value.DeliverySilence),
            provider.GetRequiredService<ITaskReceiver>(),
            provider.GetRequiredService<DeadTasks>(),
            provider.GetRequiredService<Rejections>(),
            provider.GetRequiredService<BrokerMeter>(),
            provider.GetRequiredService<ProcessEnd>().Request,
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService(provider => provider.GetRequiredService<TaskEndpoints>());
        return services;
    }
}
