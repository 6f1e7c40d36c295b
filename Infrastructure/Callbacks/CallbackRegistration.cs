using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Callbacks;

/// <summary>Puts callbacks into a host.</summary>
public static class CallbackRegistration
{
    /// <summary>
    /// Registers what makes, shows and changes callbacks and endpoints. Needs the ledger. Settings come from the section
    /// <see cref="CallbackOptions.Section"/>.
    /// </summary>
    public static IServiceCollection AddCallbacks(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<CallbackOptions>().Bind(configuration.GetSection(CallbackOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CallbackOptions>, CallbackOptionsCheck>());
        services.TryAddSingleton<CallbackDeliveries>();
        services.TryAddSingleton<EndpointStore>();
        services.TryAddSingleton<EndpointNames>();
        return services;
    }
}
