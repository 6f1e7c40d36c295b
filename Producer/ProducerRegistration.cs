using Messaging.Producer.Access;
using Messaging.Producer.Http;

namespace Messaging.Producer;

/// <summary>Puts what the HTTP actions need into the host.</summary>
internal static class ProducerRegistration
{
    /// <summary>All parts that <paramref name="register"/> adds start behind the server.</summary>
    public static IServiceCollection AddBehindServer(this IServiceCollection services, Action<IServiceCollection> register)
    {
        var before = services.ToHashSet();
        register(services);
        for (var i = 0; i < services.Count; i++)
        {
            var part = services[i];
            if (part.ServiceType != typeof(IHostedService) || part.IsKeyedService || before.Contains(part))
                continue;
            services[i] = part switch
            {
                { ImplementationFactory: { } make } => ServiceDescriptor.KeyedSingleton(typeof(IHostedService), StartBehindServer.Key, (provider, _) => make(provider)),
                { ImplementationInstance: { } made } => new ServiceDescriptor(typeof(IHostedService), StartBehindServer.Key, made),
                _ => ServiceDescriptor.KeyedSingleton(typeof(IHostedService), StartBehindServer.Key, part.ImplementationType!),
            };
        }

        services.AddSingleton<StartBehindServer>();
        return services.AddHostedService(provider => provider.GetRequiredService<StartBehindServer>());
    }

    public static IServiceCollection AddHttpActions(this IServiceCollection services)
    {
        services.AddSingleton<KnownKinds>();
        services.AddSingleton<OpenStreams>();
        services.AddSingleton<TaskAcceptor>();
        services.AddSingleton<TaskWaits>();
        services.AddExceptionHandler<ProblemMapping>();
        services.AddHealthChecks().AddCheck<LedgerCheck>(LedgerCheck.Name).AddCheck<BrokerCheck>(BrokerCheck.Name);
        return services;
    }

    public static void ConfigureLogging(this WebApplicationBuilder builder)
    {
        builder.Logging
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None) // whoever asks for the health is told
            .AddFilter("MassTransit", LogLevel.Warning);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
    }

    /// <summary>What stands between a request and its action.</summary>
    public static IServiceCollection AddAccessGate(this IServiceCollection services)
    {
        services.AddSingleton<AccessMeter>();
        AccessToken.Hide(services);
        services.AddSingleton<RateLimits>();
        services.AddSingleton<AccessGate>();
        services.AddSingleton<LastingRequests>();
        services.AddHostedService<ListenGuard>();
        return services;
    }

    public static void ConfigureServer(this WebApplicationBuilder builder)
    {
        var mode = new AccessMode(builder.Configuration.GetValue<bool>("Messaging:Anonymous"));
        builder.Services.AddSingleton(mode);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            ListenGuard.Set(kestrel, mode, builder.Configuration["Messaging:Postgres"]);
            kestrel.AddServerHeader = false;
            RequestLimits.Set(kestrel);
            // Each action that reads a body bounds it itself, so that the answer is a problem and arrives.
            kestrel.Limits.MaxRequestBodySize = null;
        });
    }
}
