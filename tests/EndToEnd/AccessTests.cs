using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>Keys from the command line to the task that one submits, with real processes.</summary>
public sealed class AccessTests
{
    private RunningSystem _system = null!;

    // Everything that the process has to say, so that a secret in it would be seen.
    [SetUp]
    public async Task Start() => _system = await RunningSystem.StartAsync(
        consumers: 1,
        producerEnvironment: new Dictionary<string, string?> { ["Logging__LogLevel__Default"] = "Trace", ["Logging__LogLevel__Microsoft.AspNetCore"] = "Trace" });

    [TearDown]
    public async Task Stop() => await _system.DisposeAsync();

    [Test]
    public async Task A_key_from_the_command_line_opens_the_service_and_no_log_ever_shows_it()
    {
        var admin = await MakeKeyAsync("admin", "admin");
        var bot = await MakeKeyAsync("bot", "submit,read");
        var wrong = bot[..^4] + (bot.EndsWith("aaaa", StringComparison.Ordinal) ? "bbbb" : "aaaa");
        var id = bot.Split('_')[1];

        // Without a key, with a wrong one, with one of too few rights, with the right one.
        await Eventually.GetAsync(_ => StatusAsync(HttpMethod.Get, "v1/tasks", null), status => status == HttpStatusCode.Unauthorized);
        Assert.That(await StatusAsync(HttpMethod.Get, "v1/tasks", wrong), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await StatusAsync(HttpMethod.Get, "v1/keys", bot), Is.EqualTo(HttpStatusCode.Forbidden));
        using var submit = Request(HttpMethod.Post, "v1/tasks", bot, """{"kind":"debug.echo","input":{"message":"hello"}}""");
        submit.Headers.Add("Prefer", "wait=30");
        using var answer = await _system.Producer.Http.SendAsync(submit);
        Assert.That((await answer.Content.ReadFromJsonAsync<JsonNode>())!["state"]!.GetValue<string>(), Is.EqualTo("succeeded"));
        using var made = await _system.Producer.Http.SendAsync(Request(HttpMethod.Post, "v1/keys", admin, """{"name":"third","scopes":["read"]}"""));
        var third = (await made.Content.ReadFromJsonAsync<JsonNode>())!["secret"]!.GetValue<string>();

        using var madeToken = await _system.Producer.Http.SendAsync(Request(HttpMethod.Post, "v1/events/tokens", admin, "{}"));
        var stream = (await madeToken.Content.ReadFromJsonAsync<JsonNode>())!;
        using (var opened = await _system.Producer.Http.GetAsync(new Uri(stream["url"]!.GetValue<string>(), UriKind.Relative), HttpCompletionOption.ResponseHeadersRead))
            Assert.That(opened.StatusCode, Is.EqualTo(HttpStatusCode.OK));

        var revoked = await KeysAsync("revoke", id, "--reason", "the test is over");
        Assert.That(revoked.Succeeded, Is.True, revoked.Output);
        await Eventually.GetAsync(_ => StatusAsync(HttpMethod.Get, "v1/tasks", bot), status => status == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(5));
        var list = await KeysAsync("list");
        Assert.That(list.Output, Does.Contain(id).And.Contain("revoked").And.Contain("bot"));
        Assert.That(await _system.ScalarAsync($"SELECT actor || ' ' || reason FROM messaging.audit WHERE action = 'key.revoke' AND target = 'key:{id}'"), Is.EqualTo("cli the test is over"));

        await _system.Producer.StopAsync();
        var lines = string.Join('\n', _system.Producer.Process.Lines);
        Assert.That(lines, Does.Contain("Request starting").And.Contain("/v1/keys"), "the log is as talkative as it can be");
        foreach (var secret in new[] { admin, bot, wrong, third })
            Assert.That(lines, Does.Not.Contain(secret.Split('_')[2][..20]));
        Assert.That(lines, Does.Contain("/v1/events ").And.Not.Contain(stream["token"]!.GetValue<string>()[..20]), "a stream token stands in the address, but not in the log");
        Assert.That(list.Output, Does.Not.Contain(bot.Split('_')[2]));
    }

    [Test]
    public async Task The_command_line_says_what_is_wrong()
    {
        var first = await KeysAsync("create", "--name", "bot", "--scopes", "submit");
        Assert.That(first.ExitCode, Is.EqualTo(2));
        Assert.That(first.Output, Does.Contain("must have the scope admin"));
        Assert.That((await KeysAsync("create", "--scopes", "admin")).Output, Does.Contain("--name is missing"));
        Assert.That((await KeysAsync("create", "--name", "x", "--scopes", "admin,root")).Output, Does.Contain("'root' is not a scope"));
        Assert.That((await KeysAsync("create", "--nmae", "x")).Output, Does.Contain("--nmae is not known"));
        Assert.That((await KeysAsync("revoke", "aaaaaaaaaa")).ExitCode, Is.EqualTo(1));
        Assert.That((await KeysAsync("eat")).Output, Does.Contain("Usage"));
    }

    private async Task<string> MakeKeyAsync(string name, string scopes)
    {
        var made = await KeysAsync("create", "--name", name, "--scopes", scopes);
        Assert.That(made.Succeeded, Is.True, made.Output);
        return made.Output.Split('\n').Single(line => line.StartsWith("msg_", StringComparison.Ordinal));
    }

    private Task<Command.Outcome> KeysAsync(params string[] arguments) => Command.RunAsync(
        BuiltOutput.DotnetHost,
        ["exec", BuiltOutput.Of("Producer"), "keys", .. arguments],
        new Dictionary<string, string?> { ["Messaging__Postgres"] = _system.Connections.Postgres });

    private async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string? key)
    {
        using var answer = await _system.Producer.Http.SendAsync(Request(method, path, key));
        return answer.StatusCode;
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string? key, string? body = null)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return request;
    }
}
