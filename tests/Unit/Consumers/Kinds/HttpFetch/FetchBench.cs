using Messaging.Consumers.Kinds.HttpFetch;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Input = Messaging.Contracts.Kinds.HttpFetch;

namespace Messaging.Tests.Unit.Consumers.Kinds.HttpFetch;

/// <summary>A handler and a web server for it to fetch from.</summary>
internal sealed class FetchBench : IAsyncDisposable
{
    private readonly HttpFetchClient _client;

    private FetchBench(LocalWebServer web, HttpFetchOptions options)
    {
        Web = web;
        _client = new HttpFetchClient(Options.Create(options));
        Handler = new HttpFetchHandler(_client, TimeProvider.System);
    }

    public LocalWebServer Web { get; }

    public HttpFetchHandler Handler { get; }

    public RecordingContext Context { get; } = new();

    public static async Task<FetchBench> StartAsync(RequestDelegate answer, HttpFetchOptions? options = null) =>
        new(await LocalWebServer.StartAsync(answer), options ?? new HttpFetchOptions { AllowLoopback = true });

    /// <summary>Fetches one page.</summary>
    public async Task<FetchedPage> FetchAsync(string url, CancellationToken limit, long? maxBytes = null, TimeSpan? timeout = null) =>
        (await Handler.HandleAsync(new Input([url], maxBytes, timeout), Context, limit)).Pages.Single();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Web.DisposeAsync();
    }
}
