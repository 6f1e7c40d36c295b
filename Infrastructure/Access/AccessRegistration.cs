using Messaging.Infrastructure.Audit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Infrastructure.Access;

/// <summary>Puts API keys and the audit log into a host.</summary>
public static class AccessRegistration
{
    /// <summary>
    /// Registers the keys, what checks them and the audit log. Needs the ledger and comes behind it. Settings come from the section
    /// <c>Messaging:Access</c> (<see cref="AccessOptions"/>).
    /// </summary>
    public static IServiceCollection AddAccess(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<AccessOptions>().Bind(configuration.GetSection("Messaging:Access")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<KeyStore>();
        services.AddSingleton<KeyCatalog>();
        services.AddSingleton<StreamTokens>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyCatalog>());
        return services;
    }
}
