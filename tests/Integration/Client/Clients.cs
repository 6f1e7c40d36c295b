using System.Collections.Concurrent;
using Messaging.Contracts.Client;

namespace Messaging.Tests.Integration.Client;

/// <summary>Clients as the tests want them, and what they send.</summary>
internal static class Clients
{
    /// <summary>A client of a Producer, with short times.</summary>
    public static HttpTaskClient Of(Uri address, Action<MessagingClientOptions>? configure = null)
    {
        var options = new MessagingClientOptions { BaseAddress = address };
        configure?.Invoke(options);
        return new HttpTaskClient(options);
    }
}

/// <summary>Keeps what goes over the wire. Passes everything on.</summary>
internal sealed class RecordedRequests : DelegatingHandler
{
    private readonly ConcurrentQueue<(string Line, string Key)> _sent = new();
    private int _now;
    private int _most;

    public RecordedRequests(int connections = 32)
        : base(new SocketsHttpHandler { MaxConnectionsPerServer = connections })
    {
    }

    /// <summary>Method and path of each request.</summary>
    public IReadOnlyList<string> Lines => [.. _sent.Select(sent => sent.Line)];

    /// <summary>The idempotency key in each request's header.</summary>
    public IReadOnlyList<string> Keys => [.. _sent.Select(sent => sent.Key)];

    /// <summary>The largest number of requests under way at one moment.</summary>
    public int MostAtOnce => _most;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _sent.Enqueue((
            $"{request.Method} {request.RequestUri!.PathAndQuery}",
            request.Headers.TryGetValues("Idempotency-Key", out var keys) ? keys.Single() : ""));
        var now = Interlocked.Increment(ref _now);
        for (var most = _most; now > most; most = _most)
            Interlocked.CompareExchange(ref _most, now, most);
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _now);
        }
    }
}
