using Messaging.Infrastructure.Reconcile;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Infrastructure.Retention;

/// <summary>Puts retention into a host.</summary>
public static class RetentionRegistration
{
    /// <summary>
    /// Registers the dropping of old days and of expired idempotency keys. Needs the ledger. Any number of processes may run it side by side: one at a time does the
    /// work. Settings come from the section <c>Messaging:Retention</c> (<see cref="RetentionOptions"/>).
    /// </summary>
    public static IServiceCollection AddRetention(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<RetentionOptions>().Bind(configuration.GetSection("Messaging:Retention")).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<Turns>();
        services.AddSingleton<RetentionKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<RetentionKeeper>());
        services.AddSingleton<KeyKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyKeeper>());
        return services;
    }
}
