using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.EndToEnd.Events;

/// <summary>The JavaScript of docs/events.md in a real browser: on a page whose own server makes tokens with its key, at a service that needs keys.</summary>
[CancelAfter(120_000)]
public sealed partial class FollowTests
{
    // What the page of the example is taken to have: bar, show, and where the service is.
    private const string Before = """
        <!doctype html><title>follow</title>
        <script>
          const messaging = new URLSearchParams(location.search).get('messaging');
          const percents = [], ended = {}, sources = [];
          const bar = { set value(percent) { percents.push(percent); } };
          const show = task => { ended[task.id] = task; };
          window.EventSource = class extends EventSource { constructor(url) { super(url); sources.push(this); } };
        """;

    private static readonly string[] Snippets = [.. Snippet().Matches(File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "docs", "events.md"))).Select(match => match.Groups[1].Value)];

    private static string Once => Snippets[0];

    private static string Follow => Snippets[1];

    [Test]
    public async Task Every_end_is_shown_and_ends_the_following(CancellationToken cancellationToken)
    {
        await using var site = await TokenSite.StartAsync("PT5M");
        await using var system = await site.StartSystemAsync();
        await using var browser = await Browser.StartAsync(cancellationToken);
        var page = await site.OpenAsync(browser, cancellationToken);
        var called = await system.SubmitAsync("debug.echo", new { message = "off" }, new { delay = "PT1H" });
        JsonNode[] tasks =
        [
            await system.SubmitAsync("debug.echo", new { message = "well" }),
            await system.SubmitAsync("debug.echo", new { message = "badly", failTimes = 1 }, new { maxAttempts = 1 }),
            called,
            await system.SubmitAsync("debug.echo", new { message = "late" }, new { queue = "nobodys", deadline = DateTimeOffset.Parse((string)called["createdAt"]!, CultureInfo.InvariantCulture).AddSeconds(3) }),
        ];
        using var cancelled = await system.Producer.Http.PostAsync(new Uri($"v1/tasks/{called["id"]}/cancel", UriKind.Relative), null, cancellationToken);
        Assert.That(cancelled.IsSuccessStatusCode, Is.True);

        foreach (var task in tasks)
            await page.EvaluateAsync($"void follow('{task["id"]}')", cancellationToken);
        var url = (string)(await site.MakeTokenAsync((string)tasks[0]["id"]!))["url"]!;
        await Eventually.TrueAsync(async t => (int)(await page.EvaluateAsync("Object.keys(ended).length", t))! == tasks.Length, TimeSpan.FromSeconds(30), cancellationToken);

        var states = (await page.EvaluateAsync($"[{string.Join(',', tasks.Select(task => $"ended['{task["id"]}'].state"))}]", cancellationToken))!.AsArray();
        Assert.That(states.Select(state => (string)state!), Is.EqualTo(new[] { "succeeded", "failed", "cancelled", "expired" }));
        Assert.That((int)(await page.EvaluateAsync("sources.length", cancellationToken))!, Is.EqualTo(tasks.Length));
        // Nothing can happen to a source that the page itself has closed, so no further token is ever asked for.
        Assert.That((bool)(await page.EvaluateAsync("sources.every(source => source.readyState === EventSource.CLOSED)", cancellationToken))!, Is.True);
        Assert.That(site.Tokens, Is.EqualTo(tasks.Length));

        await page.EvaluateAsync($"delete ended['{tasks[0]["id"]}']; (url => {{ {Once} }})('{url}')", cancellationToken);
        await Eventually.GetAsync(t => page.EvaluateAsync($"ended['{tasks[0]["id"]}']?.result.message", t), message => (string?)message == "well", TimeSpan.FromSeconds(30), cancellationToken);
        Assert.That((int)(await page.EvaluateAsync("sources.at(-1).readyState", cancellationToken))!, Is.EqualTo(2));
    }

    [Test]
    public async Task With_a_token_that_is_over_and_a_producer_that_dies_it_goes_on_where_it_was(CancellationToken cancellationToken)
    {
        await using var site = await TokenSite.StartAsync("PT1S");
        await using var system = await site.StartSystemAsync();
        await using var browser = await Browser.StartAsync(cancellationToken);
        var page = await site.OpenAsync(browser, cancellationToken);
        var task = await system.SubmitAsync("debug.echo", new { message = "on and on", wait = "PT12S", progressSteps = 120 });
        await page.EvaluateAsync($"void follow('{task["id"]}')", cancellationToken);
        await Eventually.TrueAsync(async t => (int)(await page.EvaluateAsync("percents.length", t))! >= 25, TimeSpan.FromSeconds(30), cancellationToken);

        await system.Producer.KillAsync();
        await using var second = ProducerProcess.Launch(system.Connections, system.Producer.Address.Port, site.Settings);
        await second.WaitUntilReadyAsync(cancellationToken);
        await Eventually.TrueAsync(async t => (int)(await page.EvaluateAsync("Object.keys(ended).length", t))! == 1, TimeSpan.FromSeconds(60), cancellationToken);

        var percents = (await page.EvaluateAsync("percents", cancellationToken))!.AsArray().Select(percent => (double)percent!).ToArray();
        Assert.That((string?)await page.EvaluateAsync("Object.values(ended)[0].result.message", cancellationToken), Is.EqualTo("on and on"));
        Assert.That(percents, Is.Ordered.And.Unique, "nothing twice");
        Assert.That(percents, Has.Length.EqualTo(await system.CountAsync("task_events")), "nothing lost");
        Assert.That(site.Tokens, Is.GreaterThanOrEqualTo(2), "the first one was over");
    }

    [GeneratedRegex("^```js\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Snippet();

    /// <summary>Somebody's web server: it has the page of the example, and a key to make tokens with.</summary>
    private sealed class TokenSite : IAsyncDisposable
    {
        private readonly HttpClient _messaging = new();
        private readonly string _life;
        private LocalWebServer? _server;
        private int _tokens;

        private TokenSite(string life) => _life = life;

        /// <summary>How many tokens pages have got.</summary>
        public int Tokens => Volatile.Read(ref _tokens);

        /// <summary>What a producer must be told for the site's pages.</summary>
        public Dictionary<string, string?> Settings => new() { ["Messaging__Cors__Origins__0"] = _server!.Address.GetLeftPart(UriPartial.Authority) };

        public static async Task<TokenSite> StartAsync(string life)
        {
            var site = new TokenSite(life);
            site._server = await LocalWebServer.StartAsync(site.AnswerAsync);
            return site;
        }

        public async Task<RunningSystem> StartSystemAsync()
        {
            var system = await RunningSystem.StartAsync(consumers: 1, producerEnvironment: Settings);
            using var made = await system.Producer.Http.PostAsJsonAsync("v1/keys", new { name = "a site", scopes = new[] { "admin" } });
            var key = (string)JsonNode.Parse(await made.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!["secret"]!;
            _messaging.BaseAddress = system.Producer.Address;
            _messaging.DefaultRequestHeaders.Authorization = system.Producer.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            return system;
        }

        public async Task<BrowserPage> OpenAsync(Browser browser, CancellationToken cancellationToken)
        {
            var messaging = _messaging.BaseAddress!.GetLeftPart(UriPartial.Authority);
            var page = await browser.OpenAsync(new Uri($"{_server!.Address}?messaging={Uri.EscapeDataString(messaging)}"), cancellationToken);
            await Eventually.TrueAsync(async t => (string?)await page.EvaluateAsync("typeof follow", t) == "function", cancellationToken: cancellationToken);
            return page;
        }

        public async Task<JsonNode> MakeTokenAsync(string task)
        {
            using var made = await _messaging.PostAsJsonAsync("v1/events/tokens", new { taskId = task, expiresIn = _life });
            return JsonNode.Parse(await made.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!;
        }

        public async ValueTask DisposeAsync()
        {
            await _server!.DisposeAsync();
            _messaging.Dispose();
        }

        private async Task AnswerAsync(HttpContext context)
        {
            if (context.Request.Path.StartsWithSegments("/my-server/stream-of", out var task))
            {
                var token = await MakeTokenAsync(task.Value![1..]); // throws while the producer is away: the page gets a 500
                Interlocked.Increment(ref _tokens);
                await context.Response.WriteAsJsonAsync(token);
                return;
            }

            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync($"{Before}\n{Follow}</script>");
        }
    }
}
