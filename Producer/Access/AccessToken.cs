using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Producer.Access;

/// <summary>The stream token of a request (RFC 6750, section 2.3), which was taken out of its address.</summary>
/// <param name="Value">The token; null if there was more than one.</param>
internal sealed record AccessToken(string? Value)
{
    /// <summary>The query parameter.</summary>
    public const string Parameter = "access_token";

    private const string Mark = Parameter + "=";

    /// <summary>Takes the token out of the address before anything sees, and logs, the address.</summary>
    public static void Hide(IServiceCollection services)
    {
        var server = services.Last(service => service.ServiceType == typeof(IServer));
        services.Replace(ServiceDescriptor.Singleton<IServer>(
            provider => new Server((IServer)ActivatorUtilities.CreateInstance(provider, server.ImplementationType!))));
    }

    /// <summary>Takes the token out of a request's address, if there is one. Costs others a look at their query.</summary>
    internal static void Hide(IFeatureCollection features)
    {
        if (features.Get<IHttpRequestFeature>() is not { QueryString: { Length: > 0 } query } request || !query.Contains(Mark, StringComparison.Ordinal))
            return;
        var parts = query[1..].Split('&').ToLookup(part => part.StartsWith(Mark, StringComparison.Ordinal));
        if (!parts[true].Any())
            return;
        request.QueryString = parts[false].Any() ? $"?{string.Join('&', parts[false])}" : "";
        var path = request.RawTarget.IndexOf('?', StringComparison.Ordinal);
        if (path >= 0)
            request.RawTarget = request.RawTarget[..path] + request.QueryString;
        features.Set(new AccessToken(parts[true].Count() == 1 ? Uri.UnescapeDataString(parts[true].Single()[Mark.Length..]) : null));
    }

    /// <summary>The server as it is, but for that.</summary>
    private sealed class Server(IServer server) : IServer
    {
        public IFeatureCollection Features => server.Features;

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => server.StartAsync(new Application<TContext>(application), cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);

        public void Dispose() => server.Dispose();
    }

    private sealed class Application<TContext>(IHttpApplication<TContext> application) : IHttpApplication<TContext>
        where TContext : notnull
    {
        public TContext CreateContext(IFeatureCollection contextFeatures)
        {
            Hide(contextFeatures);
            return application.CreateContext(contextFeatures);
        }

        public Task ProcessRequestAsync(TContext context) => application.ProcessRequestAsync(context);

        public void DisposeContext(TContext context, Exception? exception) => application.DisposeContext(context, exception);
    }
}
