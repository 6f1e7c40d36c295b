using Messaging.Consumers.Kinds;
using Messaging.Contracts.Handlers;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>Runs <c>test.get-page</c>. Answers the status; any but a success is a failure. All attempts share one client and its connections.</summary>
public sealed class GetPageHandler(GetPageHandler.Client client) : ITaskHandler<GetPage, int>, IHandlerServices
{
    /// <inheritdoc/>
    public static void AddServices(IServiceCollection services, IConfiguration configuration) => services.AddSingleton<Client>();

    /// <inheritdoc/>
    public async Task<int> HandleAsync(GetPage input, TaskContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var request = new HttpRequestMessage(HttpMethod.Get, input.Url) { Version = new Version(input.Http, input.Http == 1 ? 1 : 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await client.Http.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return (int)answer.StatusCode;
    }

    /// <summary>The client that the attempts share; it opens as many connections as there are requests at once.</summary>
    public sealed class Client : IDisposable
    {
        /// <summary>The client.</summary>
        public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, EnableMultipleHttp2Connections = true }) { Timeout = TimeSpan.FromSeconds(50) };

        /// <inheritdoc/>
        public void Dispose() => Http.Dispose();
    }
}
