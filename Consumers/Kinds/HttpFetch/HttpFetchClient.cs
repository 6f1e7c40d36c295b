using System.Net;
using Messaging.Infrastructure.Outbound;
using Microsoft.Extensions.Options;

namespace Messaging.Consumers.Kinds.HttpFetch;

/// <summary>
/// The worker's one pool of connections for <c>http.fetch</c>. It sends a request and nothing on top: no redirects, cookies, proxy, credentials
/// or trace headers; and it connects only where <see cref="AddressGuard"/> lets it. Safe to use from several threads.
/// </summary>
public sealed class HttpFetchClient : IDisposable
{
    private const string UserAgent = "Messaging-http.fetch/1.0";

    private readonly HttpMessageInvoker _http;

    /// <summary>Makes the pool; connections come with the requests.</summary>
    public HttpFetchClient(IOptions<HttpFetchOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Requests = new SemaphoreSlim(options.Value.MaxRequests);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = new GuardedConnector(options.Value.Rules).ConnectAsync,
            MaxResponseDrainSize = 64 * 1024,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            UseCookies = false,
            UseProxy = false,
        });
    }

    /// <summary>One permit for each request that the worker may have under way.</summary>
    public SemaphoreSlim Requests { get; }

    /// <summary>Sends a GET and returns when the headers are there.</summary>
    /// <exception cref="HttpRequestException">No answer; a <see cref="RefusedAddressException"/> inside if the address is not allowed.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri url, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        return await _http.SendAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        Requests.Dispose();
    }
}
