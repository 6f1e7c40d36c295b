using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Read;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Infrastructure.Events;

/// <summary>Puts live events into a host.</summary>
public static class EventsRegistration
{
    /// <summary>
    /// Registers what follows tasks for event streams. Needs the ledger and the heartbeat, with which this process says that somebody listens
    /// here; with <c>AddBrokerListening</c> it hears sooner of what others do. Settings: <see cref="EventOptions"/>.
    /// </summary>
    public static IServiceCollection AddEvents(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<EventOptions>().Bind(configuration.GetSection("Messaging:Events")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<TaskFollower>();
        services.AddSingleton<EventFeed>();
        services.AddHostedService(provider =>
        {
            var (follower, feed, watcher) = (
                provider.GetRequiredService<TaskFollower>(), provider.GetRequiredService<EventFeed>(), provider.GetRequiredService<TaskWatcher>());
            provider.GetRequiredService<InstanceProfile>().Listening = () => follower.Count > 0 || feed.Count > 0 || watcher.HasLongWaits;
            return follower;
        });
        services.AddHostedService(provider => provider.GetRequiredService<EventFeed>());
        return services;
    }
}
