using System.Net;
using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.EndToEnd.Documentation;

/// <summary>The receiver in docs/callbacks.md, started as it stands, beside a running system. What it imports is in tests/Webhooks.</summary>
[CancelAfter(180_000)]
public sealed class ReceiverExampleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Test]
    public async Task The_documented_receiver_takes_a_callback_once_and_refuses_what_it_can_not_verify(CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartAsync(consumers: 1, new ConsumerProcessOptions { Queues = ["default", "callbacks"] });
        var secret = (await system.GetAsync("v1/callback-secret"))["secrets"]![0]!["secret"]!.GetValue<string>();
        using var folder = new TestFolder();
        var port = FreePorts.Find(1)[0];
        await using var receiver = await StartAsync(folder, secret, port, cancellationToken);
        var callback = new { url = $"http://127.0.0.1:{port}/hooks" };

        var task = await system.SubmitAsync("debug.echo", new { message = "hello" }, new { callback });
        var line = await receiver.WaitForLineAsync(seen => seen.Contains(task["id"]!.GetValue<string>(), StringComparison.Ordinal), Limit, cancellationToken);
        Assert.That(line, Does.StartWith("task.succeeded").And.Contain("hello"));

        var first = await DeliveredAsync(system, task);
        var again = await PostAsync(system, (string)first["links"]!["resend"]!);
        Assert.That((int)again["attempts"]![0]!["status"]!, Is.EqualTo(204), again.ToJsonString());
        Assert.That((string)again["id"]!, Is.Not.EqualTo((string)first["id"]!), "it was there twice");

        // From here on it has an old secret.
        await PostAsync(system, "v1/callback-secret/rotate", """{"keepOldFor":"PT0S"}""");
        var strange = await system.SubmitAsync("debug.echo", new { message = "strange" }, new { callback });
        var refused = await DeliveredAsync(system, strange);
        Assert.That((int)refused["attempts"]![0]!["status"]!, Is.EqualTo(401), refused.ToJsonString());
        Assert.That(receiver.Lines.Where(seen => seen.StartsWith("task.", StringComparison.Ordinal)), Is.EqualTo([line]), "once, and nothing of the other");
    }

    private static async Task<ManagedProcess> StartAsync(TestFolder folder, string secret, int port, CancellationToken cancellationToken)
    {
        var packages = await NpmPackages.InstallAsync("tests/Webhooks", cancellationToken);
        await File.WriteAllTextAsync(folder.File("receiver.mjs"), DocumentedExample.CodeOf("docs/callbacks.md", "js").Single(), cancellationToken);
        Directory.CreateSymbolicLink(folder.File("node_modules"), Path.Combine(packages, "node_modules"));
        var receiver = ManagedProcess.Start(
            "receiver", TestTools.Node, [folder.File("receiver.mjs")], new Dictionary<string, string?> { ["WEBHOOK_SECRET"] = secret, ["PORT"] = $"{port}" });
        try
        {
            await receiver.WaitForLineAsync(line => line == "ready", Limit, cancellationToken);
            return receiver;
        }
        catch
        {
            await receiver.DisposeAsync();
            throw;
        }
    }

    /// <summary>The callback about a task, once an attempt to send it is over.</summary>
    private static async Task<JsonNode> DeliveredAsync(RunningSystem system, JsonNode task)
    {
        var log = await Eventually.GetAsync(
            _ => system.GetAsync($"v1/tasks/{task["id"]}/callbacks"),
            seen => seen["items"]!.AsArray() is [{ } told, ..] && (string?)told["state"] is "succeeded" or "scheduled",
            Limit);
        return log["items"]![0]!;
    }

    private static async Task<JsonNode> PostAsync(RunningSystem system, string path, string body = "{}")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Headers = { { "Prefer", "wait=30" } } };
        request.Content = new StringContent(body, null, "application/json");
        using var answer = await system.Producer.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), text);
        return JsonNode.Parse(text)!;
    }
}
