using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Infrastructure.Express;

/// <summary>Puts the express way into a host.</summary>
public static class ExpressRegistration
{
    /// <summary>
    /// Registers what hears express copies and hands them to the host's <see cref="IExpressReceiver"/>. Needs the ledger and the instance's
    /// heartbeat. Comes last, like whatever takes tasks. For consumers.
    /// </summary>
    public static IServiceCollection AddExpressListening(this IServiceCollection services)
    {
        services.AddSingleton<ExpressListener>();
        services.AddHostedService(provider => provider.GetRequiredService<ExpressListener>());
        return services;
    }
}
