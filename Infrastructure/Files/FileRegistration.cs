using Messaging.Infrastructure.Reconcile;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Infrastructure.Files;

/// <summary>Puts files into a host.</summary>
public static class FileRegistration
{
    /// <summary>
    /// Registers what deletes files that nobody needs. Needs the ledger, which brings the store of files along, and the instance's heartbeat, and
    /// comes behind them. Any number of processes may run it side by side: one at a time does the work.
    /// </summary>
    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.TryAddSingleton<Turns>();
        services.AddSingleton<FileKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<FileKeeper>());
        return services;
    }
}
