using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Contracts.Client;

/// <summary>Puts the client into a service's container.</summary>
public static class MessagingClientRegistration
{
    /// <summary>Adds <see cref="ITaskClient"/>, one for the whole process, which talks to a Producer over HTTP.</summary>
    /// <param name="services">The service's services. If they have a <see cref="TimeProvider"/> or logging, the client uses them.</param>
    /// <param name="configure">Says at least <see cref="MessagingClientOptions.BaseAddress"/>.</param>
    /// <exception cref="ArgumentException">A setting can't be; the message names it and its bounds.</exception>
    public static IServiceCollection AddMessagingClient(this IServiceCollection services, Action<MessagingClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new MessagingClientOptions();
        configure(options);
        options.Check();
        return services.AddSingleton<ITaskClient>(provider => new HttpTaskClient(
            options, provider.GetService<TimeProvider>(), provider.GetService<ILoggerFactory>()));
    }

    /// <summary>The same with settings from the section <see cref="MessagingClientOptions.Section"/>: <c>Messaging__Client__BaseAddress</c>.</summary>
    /// <param name="services">The service's services.</param>
    /// <param name="configuration">The service's configuration.</param>
    /// <param name="configure">What the configuration does not say; has the last word.</param>
    /// <exception cref="ArgumentException">A setting can't be; the message names it and its bounds.</exception>
    public static IServiceCollection AddMessagingClient(
        this IServiceCollection services, IConfiguration configuration, Action<MessagingClientOptions>? configure = null) =>
        services.AddMessagingClient(options =>
        {
            options.Read(configuration);
            configure?.Invoke(options);
        });
}
