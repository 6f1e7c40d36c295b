using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Messaging.Contracts.Http;
using Messaging.Tests.Integration.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Callbacks;

/// <summary>What of an endpoint can be changed while it is in use (JSON Merge Patch, RFC 7396).</summary>
public sealed class ChangeEndpointTests : ProducerTest
{
    private const string Patch = "application/merge-patch+json";

    [TestCase(Patch)]
    [TestCase("application/json")]
    [TestCase("application/merge-patch+json; charset=utf-8")]
    public async Task An_endpoint_gets_another_address_and_other_events_and_keeps_its_secret(string type)
    {
        var (name, made) = await MakeAsync();

        var changed = await ReadAsync<CallbackEndpointResponse>(
            await ChangeAsync($"{name}?reason=they+moved", """{"url":"https://example.com/moved","events":["task.expired","task.failed"]}""", type));

        Assert.That((changed.Name, changed.Url, changed.CreatedAt), Is.EqualTo((name, "https://example.com/moved", made.CreatedAt)));
        Assert.That(changed.Events, Is.EqualTo(["task.failed", "task.expired"]));
        Assert.That(changed.Secrets.Single().CreatedAt, Is.EqualTo(made.Secrets.Single().CreatedAt));
        Assert.That(changed.Secret, Is.Null);
        using var seen = await Producer.GetAsync($"/v1/callback-endpoints/{name}");
        Assert.That(await ReadAsync<CallbackEndpointResponse>(seen), Has.Property("Url").EqualTo(changed.Url).And.Property("Events").EqualTo(changed.Events));
        var entry = (await EntriesAsync(name)).Single();
        Assert.That((entry.Action, entry.Reason), Is.EqualTo((AuditActions.ChangeCallbackEndpoint, "they moved")));
        Assert.That(
            DetailsOf(entry).ToJsonString(),
            Is.EqualTo("""{"url":{"before":"https://example.com/before","after":"https://example.com/moved"},"events":{"before":["task.failed"],"after":["task.failed","task.expired"]}}"""));
    }

    [Test]
    public async Task What_is_not_in_the_patch_stays_and_null_gives_all_events_back()
    {
        var (name, _) = await MakeAsync();

        var moved = await ReadAsync<CallbackEndpointResponse>(await ChangeAsync(name, """{"url":"https://example.com/moved"}"""));
        Assert.That((moved.Url, string.Join(' ', moved.Events)), Is.EqualTo(("https://example.com/moved", "task.failed")));
        var open = await ReadAsync<CallbackEndpointResponse>(await ChangeAsync(name, """{"events":null}"""));
        Assert.That((open.Url, string.Join(' ', open.Events)), Is.EqualTo(("https://example.com/moved", "task.succeeded task.failed task.cancelled task.expired")));

        Assert.That((await EntriesAsync(name)).Select(e => DetailsOf(e).Single().Key), Is.EqualTo(["events", "url"]), "newest first");
    }

    [TestCase("{}")]
    [TestCase("""{"url":"https://example.com/before"}""")]
    [TestCase("""{"url":"https://example.com/before","events":["task.failed"]}""")]
    public async Task What_changes_nothing_is_not_in_the_audit_log(string patch)
    {
        var (name, _) = await MakeAsync();
        using var answer = await ChangeAsync(name, patch);

        Assert.That(await ReadAsync<CallbackEndpointResponse>(answer), Has.Property("Url").EqualTo("https://example.com/before"));
        Assert.That(await EntriesAsync(name), Is.Empty);
    }

    [Test]
    public async Task A_disabled_one_stays_disabled()
    {
        var (name, _) = await MakeAsync();
        using (await Producer.PostAsync($"/v1/callback-endpoints/{name}/disable", ""))
        {
            // By a person.
        }

        var changed = await ReadAsync<CallbackEndpointResponse>(await ChangeAsync(name, """{"url":"https://example.com/moved"}"""));
        Assert.That((changed.Url, changed.DisabledReason), Is.EqualTo(("https://example.com/moved", "operator")));
    }

    [TestCase("""{"url":null}""", "#/url", 400)]
    [TestCase("""{"url":7}""", "#/url", 400)]
    [TestCase("""{"events":"task.failed"}""", "#/events", 400)]
    [TestCase("""{"events":[null]}""", "#/events/0", 400)]
    [TestCase("""{"hook":1}""", "#/hook", 400)]
    [TestCase("""{"URL":"https://example.com/"}""", "#/URL", 400)]
    [TestCase("""{"url":"https://example.com/1","url":"https://example.com/2"}""", "#/url", 400)]
    [TestCase("""{"name":"other"}""", "#/name", 400)]
    [TestCase("""{"createdAt":null}""", "#/createdAt", 400)]
    [TestCase("""{"disabledAt":null}""", "#/disabledAt", 400)]
    [TestCase("""{"disabledReason":null}""", "#/disabledReason", 400)]
    [TestCase("""{"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}""", "#/secret", 400)]
    [TestCase("""{"secrets":[]}""", "#/secrets", 400)]
    [TestCase("""{"reason":"they moved"}""", "#/reason", 400)]
    [TestCase("""[{"url":"https://example.com/"}]""", "#", 400)]
    [TestCase("null", "#", 400)]
    [TestCase("""{"url":""}""", "#/url", 422)]
    [TestCase("""{"url":"example.com"}""", "#/url", 422)]
    [TestCase("""{"url":"http://127.0.0.1/"}""", "#/url", 422)]
    [TestCase("""{"url":"https://a:b@example.com/"}""", "#/url", 422)]
    [TestCase("""{"events":[]}""", "#/events", 422)]
    [TestCase("""{"events":["task.failed","task.running"]}""", "#/events/1", 422)]
    public async Task What_is_wrong_is_named_and_nothing_changes(string patch, string at, int status)
    {
        var (name, _) = await MakeAsync();
        using var answer = await ChangeAsync(name, patch);

        var problem = await ProblemAsync(answer, (HttpStatusCode)status, status == 400 ? ProblemTypes.InvalidRequest : ProblemTypes.InvalidValue);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo(at));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Not.Contain("whsec_"));
        using var seen = await Producer.GetAsync($"/v1/callback-endpoints/{name}");
        Assert.That(await ReadAsync<CallbackEndpointResponse>(seen), Has.Property("Url").EqualTo("https://example.com/before"));
        Assert.That(await EntriesAsync(name), Is.Empty);
    }

    [TestCase("secret", "rotate")]
    [TestCase("disabledAt", "disable")]
    [TestCase("reason", "?reason=")]
    public async Task What_is_changed_elsewhere_is_refused_with_the_way_there(string member, string way)
    {
        var (name, _) = await MakeAsync();
        using var answer = await ChangeAsync(name, $$"""{"{{member}}":"x"}""");
        Assert.That((await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest)).Errors!.Single().Detail, Does.Contain(way));
    }

    [TestCase("text/plain")]
    [TestCase("application/json-patch+json")]
    [TestCase("application/merge-patch+json; charset=utf-16")]
    public async Task Another_type_is_told_which_there_are(string type)
    {
        var (name, _) = await MakeAsync();
        using var answer = await ChangeAsync(name, "{}", type);

        await ProblemAsync(answer, HttpStatusCode.UnsupportedMediaType, ProblemTypes.UnsupportedMediaType);
        Assert.That(answer.Headers.GetValues("Accept-Patch").Single(), Is.EqualTo("application/merge-patch+json, application/json"));
    }

    [Test]
    public async Task No_JSON_too_much_of_it_and_a_reason_that_is_none_are_refused()
    {
        var (name, _) = await MakeAsync();
        using var malformed = await ChangeAsync(name, """{"url":""");
        using var empty = await ChangeAsync(name, "");
        using var large = await ChangeAsync(name, $$"""{"url":"https://example.com/{{new string('x', 20_000)}}"}""");
        using var reason = await ChangeAsync($"{name}?reason=", """{"url":"https://example.com/"}""");
        using var unknown = await ChangeAsync("nobody", """{"url":"https://example.com/"}""");

        await ProblemAsync(malformed, HttpStatusCode.BadRequest, ProblemTypes.MalformedJson);
        await ProblemAsync(empty, HttpStatusCode.BadRequest, ProblemTypes.MalformedJson);
        await ProblemAsync(large, HttpStatusCode.RequestEntityTooLarge, ProblemTypes.TooLarge);
        Assert.That((await ProblemAsync(reason, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest)).Errors!.Single().Parameter, Is.EqualTo("reason"));
        await ProblemAsync(unknown, HttpStatusCode.NotFound, ProblemTypes.UnknownCallbackEndpoint);
        Assert.That(await EntriesAsync(name), Is.Empty);
    }

    private async Task<(string Name, CallbackEndpointResponse Made)> MakeAsync()
    {
        var name = $"e{Guid.NewGuid():N}";
        using var answer = await Producer.PostAsync("/v1/callback-endpoints", $$"""{"name":"{{name}}","url":"https://example.com/before","events":["task.failed"]}""");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        return (name, await ReadAsync<CallbackEndpointResponse>(answer));
    }

    private Task<HttpResponseMessage> ChangeAsync(string name, string patch, string type = Patch)
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, new Uri($"/v1/callback-endpoints/{name}", UriKind.Relative))
        {
            Content = new StringContent(patch) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } },
        };
        return Producer.Client.SendAsync(request);
    }

    private static JsonObject DetailsOf(AuditResponse entry) => JsonNode.Parse(entry.Details!.Value.Utf8.Span)!.AsObject();

    /// <summary>How it was changed, newest first.</summary>
    private async Task<IReadOnlyList<AuditResponse>> EntriesAsync(string name)
    {
        using var answer = await Producer.GetAsync($"/v1/audit?target=callback-endpoint:{name}");
        return [.. (await ReadAsync<Page<AuditResponse>>(answer)).Items.Where(e => e.Action == AuditActions.ChangeCallbackEndpoint)];
    }
}
