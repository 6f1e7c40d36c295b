using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Contracts.Callbacks;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>
/// Callbacks of real processes, judged by a library for Standard Webhooks that is not ours: <c>standardwebhooks</c> of npm, in the version of the lock file
/// of tests/Webhooks.
/// </summary>
[CancelAfter(180_000)]
public sealed class StandardWebhooksTests
{
    private const string TooOld = "Message timestamp too old";
    private const string TooNew = "Message timestamp too new";
    private const string NoMatch = "No matching signature found";

    private static readonly ConsumerProcessOptions Worker = new() { Queues = ["default", "callbacks"] };

    [Test]
    public async Task A_callback_is_taken_by_a_library_that_is_not_ours_and_one_that_was_tampered_with_is_not(CancellationToken cancellationToken)
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker);
        var task = await system.SubmitAsync("debug.echo", new { message = "Grüße, \u2028 and 🙂" }, new { callback = new { url = receiver.Url } });
        var told = await receiver.OfAsync(task);
        var secret = (await system.GetAsync("v1/callback-secret"))["secrets"]![0]!["secret"]!.GetValue<string>();
        var now = long.Parse(told.Timestamp, CultureInfo.InvariantCulture);

        var said = await AskAsync(
            cancellationToken,
            Request(secret, told),
            Request(secret, told with { Body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(told.Body).Replace("succeeded", "cancelled", StringComparison.Ordinal)) }),
            Request(CallbackSecret.ToText(CallbackSecret.Create()), told),
            Request(secret, told.With(CallbackSignature.IdHeader, "msg_another")),
            Request(secret, told.With(CallbackSignature.TimestampHeader, Text(now + 1))),
            Request(secret, SignedAt(told, secret, now - 600)),
            Request(secret, SignedAt(told, secret, now + 600)),
            Request(secret, SignedAt(told, secret, now)));

        Assert.That(said, Is.EqualTo(["taken task.succeeded", NoMatch, NoMatch, NoMatch, NoMatch, TooOld, TooNew, "taken task.succeeded"]));
    }

    [TestCase("v1/callback-secret")]
    [TestCase("v1/callback-endpoints/shop")]
    public async Task While_a_secret_rotates_the_library_takes_a_callback_by_the_old_one_and_by_the_new_one(string path, CancellationToken cancellationToken)
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 1, Worker);
        var isEndpoint = path.EndsWith("shop", StringComparison.Ordinal);
        object callback = isEndpoint ? new { endpoint = "shop" } : new { url = receiver.Url };
        var first = isEndpoint
            ? SecretIn(await PostAsync(system, "v1/callback-endpoints", $$"""{"name":"shop","url":"{{receiver.Url}}"}"""))
            : SecretIn(await system.GetAsync(path));

        Assert.That(await TakenByAsync(first), Is.EqualTo([true]), "before");
        var second = SecretIn(await PostAsync(system, $"{path}/rotate", """{"keepOldFor":"PT1H"}"""));
        Assert.That(await TakenByAsync(first, second), Is.EqualTo([true, true]), "while both hold");
        var third = SecretIn(await PostAsync(system, $"{path}/rotate", """{"keepOldFor":"PT0S"}"""));
        Assert.That(await TakenByAsync(first, second, third), Is.EqualTo([false, false, true]), "after");

        async Task<bool[]> TakenByAsync(params string[] secrets)
        {
            var told = await receiver.OfAsync(await system.SubmitAsync("debug.echo", new { message = "hello" }, new { callback }));
            var said = await AskAsync(cancellationToken, [.. secrets.Select(secret => Request(secret, told))]);
            Assert.That(said, Is.All.AnyOf("taken task.succeeded", NoMatch));
            return [.. said.Select(answer => answer != NoMatch)];
        }
    }

    [Test]
    public async Task What_the_library_signs_is_taken_by_ours(CancellationToken cancellationToken)
    {
        const string Body = """{"type":"task.succeeded","data":{"text":"Grüße 🙂"}}""";
        var secret = CallbackSecret.Create();
        var now = TimeProvider.System.GetUtcNow();

        var signature = (await AskAsync(cancellationToken, new { secret = CallbackSecret.ToText(secret), id = "msg_1", timestamp = now.ToUnixTimeSeconds(), sign = Body })).Single();

        Assert.That(CallbackSignature.Verify("msg_1", Text(now.ToUnixTimeSeconds()), signature, Encoding.UTF8.GetBytes(Body), secret, now), Is.True, signature);
        Assert.That(CallbackSignature.Sign("msg_1", now.ToUnixTimeSeconds(), Encoding.UTF8.GetBytes(Body), [secret]), Is.EqualTo(signature));
    }

    /// <summary>What the library says of each.</summary>
    private static async Task<string[]> AskAsync(CancellationToken cancellationToken, params object[] requests)
    {
        var packages = await NpmPackages.InstallAsync("tests/Webhooks", cancellationToken);
        using var folder = new TestFolder();
        await File.WriteAllLinesAsync(folder.File("requests"), requests.Select(request => JsonSerializer.Serialize(request)), cancellationToken);
        var run = await Command.RunAsync(TestTools.Node, [Path.Combine(packages, "verify.mjs"), folder.File("requests")], cancellationToken: cancellationToken);
        Assert.That(run.Succeeded, Is.True, run.Output);
        var said = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(said, Has.Length.EqualTo(requests.Length), run.Output);
        return said;
    }

    private static object Request(string secret, ReceivedCallback told) => new { secret, headers = told.Headers, body = Convert.ToBase64String(told.Body) };

    /// <summary>As somebody would send it who has the secret and another clock.</summary>
    private static ReceivedCallback SignedAt(ReceivedCallback told, string secret, long timestamp)
    {
        Assert.That(CallbackSecret.TryParse(secret, out var bytes), Is.True);
        return told
            .With(CallbackSignature.TimestampHeader, Text(timestamp))
            .With(CallbackSignature.SignatureHeader, CallbackSignature.Sign(told.Id, timestamp, told.Body, [bytes!]));
    }

    private static string SecretIn(JsonNode answer) => (answer["secret"] ?? answer["secrets"]![0]!["secret"])!.GetValue<string>();

    private static async Task<JsonNode> PostAsync(RunningSystem system, string path, string body)
    {
        using var answer = await system.Producer.Http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body, new MediaTypeHeaderValue("application/json")));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.IsSuccessStatusCode, Is.True, text);
        return JsonNode.Parse(text)!;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
