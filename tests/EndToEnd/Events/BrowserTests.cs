using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.EndToEnd.Events;

/// <summary>A real browser with a page of another origin, at a service that needs keys.</summary>
[CancelAfter(180_000)]
public sealed class BrowserTests
{
    private const string Watching = """
        <!doctype html><title>a page of somebody's</title><p id="shown">waiting</p>
        <script>
          const seen = [], connection = [];
          const source = new EventSource(new URLSearchParams(location.search).get('stream'));
          source.onopen = () => connection.push('open');
          source.onerror = () => connection.push(source.readyState === EventSource.CLOSED ? 'closed' : 'connecting');
          for (const state of ['scheduled', 'waiting', 'queued', 'running', 'progress', 'succeeded', 'failed', 'cancelled', 'expired'])
            source.addEventListener('task.' + state, e => {
              const task = JSON.parse(e.data);
              seen.push([e.lastEventId, e.type]);
              shown.textContent = task.result ? 'result: ' + task.result.message : `${task.state} ${task.progress?.percent ?? 0} %`;
            });
        </script>
        """;

    [Test]
    public async Task An_EventSource_shows_every_event_over_a_producer_that_dies_and_stops_at_the_end(CancellationToken cancellationToken)
    {
        await using var site = await SiteAsync();
        var settings = Allow(site);
        await using var system = await RunningSystem.StartAsync(consumers: 1, producerEnvironment: settings);
        var key = await MakeAdminAsync(system);
        var task = await system.SubmitAsync("debug.echo", new { message = "seen in a browser", wait = "PT20S", progressSteps = 1000 });
        var token = await PostAsync(system, "v1/events/tokens", new { taskId = (string)task["id"]! });
        await using var browser = await Browser.StartAsync(cancellationToken);
        var stream = new Uri(system.Producer.Address, (string)token["url"]!);
        var page = await browser.OpenAsync(new Uri($"{site.Address}?stream={Uri.EscapeDataString(stream.AbsoluteUri)}"), cancellationToken);
        await Eventually.TrueAsync(async t => (int)(await page.EvaluateAsync("seen.length", t))! >= 480, TimeSpan.FromSeconds(60), cancellationToken);

        await system.Producer.KillAsync();
        var before = (int)(await page.EvaluateAsync("seen.length", cancellationToken))!;
        await using var second = ProducerProcess.Launch(system.Connections, system.Producer.Address.Port, settings);
        await second.WaitUntilReadyAsync(cancellationToken);
        await Eventually.GetAsync(t => page.EvaluateAsync("connection.at(-1)", t), last => (string?)last == "closed", TimeSpan.FromSeconds(60), cancellationToken);

        var connection = (await page.EvaluateAsync("connection", cancellationToken))!.AsArray().Select(word => (string)word!).ToArray();
        var seen = (await page.EvaluateAsync("seen", cancellationToken))!.AsArray().Select(e => (Id: (string)e![0]!, Name: (string)e[1]!)).ToArray();
        var numbers = seen.Where(e => e.Name == "task.progress").Select(e => long.Parse(e.Id.Split('-')[0], CultureInfo.InvariantCulture)).ToArray();
        await TestContext.Out.WriteLineAsync($"{seen.Length} events, {before} of them before the kill; the connection: {string.Join(' ', connection)}");
        Assert.That(connection.Count(word => word == "open"), Is.EqualTo(2), "before and after the kill");
        Assert.That(connection.Count(word => word == "closed"), Is.EqualTo(1), "at the 204");
        Assert.That(seen.Select(e => e.Name).Where(name => name != "task.progress"), Is.EqualTo(["task.queued", "task.running", "task.succeeded"]));
        Assert.That(numbers, Is.EqualTo(Enumerable.Range(0, numbers.Length).Select(i => numbers[0] + i)), "each once, in order, without a gap");
        Assert.That(numbers, Has.Length.EqualTo(await system.CountAsync("task_events")));
        Assert.That(numbers, Has.Length.GreaterThan(800), "a busy machine may write two at once");
        Assert.That(before, Is.LessThan(numbers.Length - 100), "killed in the middle");
        Assert.That((string?)await page.EvaluateAsync("document.body.innerText.trim()", cancellationToken), Is.EqualTo("result: seen in a browser"));
        Assert.That(string.Join('\n', second.Process.Lines), Does.Not.Contain(key));
    }

    [Test]
    public async Task A_page_of_an_allowed_origin_submits_and_one_of_another_does_not(CancellationToken cancellationToken)
    {
        await using var site = await SiteAsync();
        await using var foreign = await SiteAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 1, producerEnvironment: Allow(site));
        var key = await MakeAdminAsync(system);
        await using var browser = await Browser.StartAsync(cancellationToken);
        var ours = await browser.OpenAsync(new Uri($"{site.Address}empty"), cancellationToken);
        var theirs = await browser.OpenAsync(new Uri($"{foreign.Address}empty"), cancellationToken);
        await Eventually.TrueAsync(async t => (string?)await ours.EvaluateAsync("document.title", t) == "empty" && (string?)await theirs.EvaluateAsync("document.title", t) == "empty", cancellationToken: cancellationToken);
        var submit = $$"""
            fetch('{{system.Producer.Address}}v1/tasks', {
              method: 'POST',
              headers: { authorization: 'Bearer {{key}}', 'content-type': 'application/json', 'idempotency-key': 'from-a-page', prefer: 'wait=20' },
              body: JSON.stringify({ kind: 'debug.echo', input: { message: 'from a page' } }),
            }).then(async answer => [answer.status, answer.headers.get('location'), (await answer.json()).result.message], failed => [String(failed)])
            """;

        var taken = (await ours.EvaluateAsync(submit, cancellationToken))!.AsArray();
        var refused = (await theirs.EvaluateAsync(submit, cancellationToken))!.AsArray();

        Assert.That((int)taken[0]!, Is.EqualTo((int)HttpStatusCode.OK), taken.ToJsonString());
        Assert.That((string)taken[1]!, Does.StartWith("/v1/tasks/"));
        Assert.That((string)taken[2]!, Is.EqualTo("from a page"));
        Assert.That((string)refused[0]!, Does.StartWith("TypeError"), "the browser sends nothing behind a preflight that was not answered");
        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(1));
    }

    private static Task<LocalWebServer> SiteAsync() => LocalWebServer.StartAsync(context =>
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(context.Request.Path == "/" ? Watching : "<!doctype html><title>empty</title>");
    });

    private static Dictionary<string, string?> Allow(LocalWebServer site) => new() { ["Messaging__Cors__Origins__0"] = site.Address.GetLeftPart(UriPartial.Authority) };

    private static async Task<string> MakeAdminAsync(RunningSystem system)
    {
        var key = (string)(await PostAsync(system, "v1/keys", new { name = "a test", scopes = new[] { "admin" } }))["secret"]!;
        system.Producer.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return key;
    }

    private static async Task<JsonNode> PostAsync(RunningSystem system, string path, object body)
    {
        using var answer = await system.Producer.Http.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created), text);
        return JsonNode.Parse(text)!;
    }
}
