using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Messaging.Tests.Support.Web;

/// <summary>A real web server on a free port of 127.0.0.1 that answers as its caller says and counts what it is asked.</summary>
public sealed class LocalWebServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private int _requests;
    private int _now;
    private int _mostAtOnce;

    private LocalWebServer(WebApplication app) => _app = app;

    /// <summary>Where it listens, with a slash at the end.</summary>
    public Uri Address => new(_app.Urls.Single() + "/");

    /// <summary>How many requests it has had.</summary>
    public int Requests
    {
        get
        {
            lock (_gate)
                return _requests;
        }
    }

    /// <summary>The largest number of requests that it was answering at one moment.</summary>
    public int MostAtOnce
    {
        get
        {
            lock (_gate)
                return _mostAtOnce;
        }
    }

    /// <summary>Starts a server.</summary>
    /// <param name="answer">Answers every request; its token is cancelled when the client goes away.</param>
    /// <param name="protocol">What it speaks; HTTP/2 without TLS needs a client that knows it (RFC 9113, section 3.3).</param>
    public static async Task<LocalWebServer> StartAsync(RequestDelegate answer, HttpProtocols protocol = HttpProtocols.Http1)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = protocol));
        var app = builder.Build();
        var server = new LocalWebServer(app);
        app.Run(context => server.AnswerAsync(context, answer));
        await app.StartAsync();
        return server;
    }

    /// <summary>The address of a page.</summary>
    /// <param name="path">Below <see cref="Address"/>, without a slash in front.</param>
    public string Url(string path) => new Uri(Address, path).AbsoluteUri;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Who still waits for an answer has given up: a test's server does not drain.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context, RequestDelegate answer)
    {
        lock (_gate)
        {
            _requests++;
            _now++;
            _mostAtOnce = Math.Max(_mostAtOnce, _now);
        }

        try
        {
            await answer(context);
        }
        finally
        {
            lock (_gate)
                _now--;
        }
    }
}
