using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Support.Web;

/// <summary>A real browser without a window, driven over the Chrome DevTools Protocol. It reaches 127.0.0.1 and nothing else.</summary>
public sealed class Browser : IAsyncDisposable
{
    private const string Listening = "DevTools listening on ";

    private static readonly string[] Arguments =
    [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-default-browser-check", "--disable-extensions",
        "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync", "--no-pings", "--mute-audio",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-port=0",
    ];

    private readonly DirectoryInfo _folder;
    private readonly ManagedProcess _process;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode?>> _waiting = new();
    private readonly SemaphoreSlim _sending = new(1);
    private Task _reading = Task.CompletedTask;
    private int _ids;

    private Browser(DirectoryInfo folder, ManagedProcess process) => (_folder, _process) = (folder, process);

    /// <summary>Starts one with a profile of its own.</summary>
    /// <exception cref="Servers.ServerStartException">There is none, or it ended.</exception>
    public static async Task<Browser> StartAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("messaging-browser-");
        var process = ManagedProcess.Start("chromium", TestTools.Browser, [.. Arguments, $"--user-data-dir={folder.FullName}", "about:blank"]);
        var browser = new Browser(folder, process);
        try
        {
            var line = await process.WaitForLineAsync(l => l.Contains(Listening, StringComparison.Ordinal), TimeSpan.FromSeconds(60), cancellationToken);
            await browser._socket.ConnectAsync(new Uri(line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..].Trim()), cancellationToken);
            browser._reading = Task.Run(browser.ReadAsync, CancellationToken.None);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a page in a tab of its own.</summary>
    public async Task<BrowserPage> OpenAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        var target = await SendAsync("Target.createTarget", new { url = address.AbsoluteUri }, null, cancellationToken);
        var session = await SendAsync("Target.attachToTarget", new { targetId = (string)target!["targetId"]!, flatten = true }, null, cancellationToken);
        return new BrowserPage(this, (string)session!["sessionId"]!);
    }

    /// <summary>Ends it and removes its profile.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _process.DisposeAsync();
        _socket.Dispose();
        _sending.Dispose();
        _stop.Dispose();
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // One of its children has just written there; it is in the folder for temporary things.
        }
    }

    internal async Task<JsonNode?> SendAsync(string method, object parameters, string? session, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _ids);
        var answer = new TaskCompletionSource<JsonNode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = JsonSerializer.SerializeToNode(parameters) };
        if (session is not null)
            message["sessionId"] = session;
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message).AsMemory(), WebSocketMessageType.Text, true, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }

        return await answer.Task.WaitAsync(cancellationToken);
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (!_stop.IsCancellationRequested)
        {
            var part = await _socket.ReceiveAsync(buffer, _stop.Token);
            message.Write(buffer, 0, part.Count);
            if (!part.EndOfMessage)
                continue;
            var json = JsonNode.Parse(message.ToArray());
            message.SetLength(0);
            if ((int?)json?["id"] is not { } id || !_waiting.TryRemove(id, out var waiting))
                continue;
            if (json["error"] is { } error)
                waiting.SetException(new InvalidOperationException(error.ToJsonString()));
            else
                waiting.SetResult(json["result"]?.DeepClone());
        }
    }
}

/// <summary>A page in a tab of a <see cref="Browser"/>.</summary>
public sealed class BrowserPage
{
    private readonly Browser _browser;
    private readonly string _session;

    internal BrowserPage(Browser browser, string session) => (_browser, _session) = (browser, session);

    /// <summary>Evaluates an expression of JavaScript, awaits it if it is a promise, and answers its value.</summary>
    /// <exception cref="InvalidOperationException">It threw, or the promise was rejected.</exception>
    public async Task<JsonNode?> EvaluateAsync(string expression, CancellationToken cancellationToken)
    {
        var answer = await _browser.SendAsync(
            "Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true }, _session, cancellationToken);
        if (answer!["exceptionDetails"] is { } thrown)
            throw new InvalidOperationException(thrown.ToJsonString());
        return answer["result"]?["value"];
    }
}
