using System.Net;
using Messaging.Contracts.Http;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Access;

/// <summary>Keys over HTTP.</summary>
public sealed class KeyActionsTests : KeyedTest
{
    [Test]
    public async Task A_key_is_made_shown_once_and_works()
    {
        using var answer = await SendAsync(
            HttpMethod.Post, "/v1/keys", Admin, """{"name":"deploy bot","scopes":["read","submit"],"expiresIn":"P30D","ratePerSecond":100,"reason":"deploys"}""");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created), text);
        var made = await ReadAsync<KeyResponse>(answer);

        Assert.That((made.Name, made.Scopes, made.RatePerSecond), Is.EqualTo(("deploy bot", new[] { "submit", "read" }, 100)));
        Assert.That(made.ExpiresAt - made.CreatedAt, Is.EqualTo(TimeSpan.FromDays(30)));
        Assert.That(made.Secret, Does.StartWith($"msg_{made.Id}_").And.Length.EqualTo(67));
        Assert.That(answer.Headers.Location?.ToString(), Is.EqualTo($"/v1/keys/{made.Id}"));
        Assert.That(answer.Headers.CacheControl?.NoStore, Is.True);
        using var used = await SendAsync(HttpMethod.Get, "/v1/tasks", made.Secret);
        Assert.That(used.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        using var seen = await SendAsync(HttpMethod.Get, $"/v1/keys/{made.Id}", Admin);
        Assert.That(await ReadAsync<KeyResponse>(seen), Is.EqualTo(made with { Secret = null }).Using<KeyResponse>((a, b) => a.ToString() == b.ToString()));
        Assert.That(
            await Producer.ScalarAsync("SELECT string_agg(k::text, ' ') || (SELECT string_agg(a::text, ' ') FROM messaging.audit a) FROM messaging.api_keys k"),
            Does.Contain(made.Id).And.Not.Contain(made.Secret![15..]));
    }

    [TestCase("""{"scopes":["read"]}""", "#/name", 400)]
    [TestCase("""{"name":"x"}""", "#/scopes", 400)]
    [TestCase("""{"name":"x","scopes":[]}""", "#/scopes", 422)]
    [TestCase("""{"name":"x","scopes":"read"}""", "#/scopes", 400)]
    [TestCase("""{"name":"x","scopes":["read","write"]}""", "#/scopes/1", 422)]
    [TestCase("""{"name":"x","scopes":[1]}""", "#/scopes/0", 400)]
    [TestCase("""{"name":"","scopes":["read"]}""", "#/name", 422)]
    [TestCase("""{"name":"x","scopes":["read"],"expiresIn":"-P1D"}""", "#/expiresIn", 422)]
    [TestCase("""{"name":"x","scopes":["read"],"expiresAt":"2001-01-01T00:00:00Z"}""", "#/expiresAt", 422)]
    [TestCase("""{"name":"x","scopes":["read"],"ratePerSecond":0}""", "#/ratePerSecond", 422)]
    [TestCase("""{"name":"x","scopes":["read"],"scope":"read"}""", "#/scope", 400)]
    public async Task What_is_wrong_is_named(string body, string at, int status)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/v1/keys", Admin, body);
        var problem = await ProblemAsync(answer, (HttpStatusCode)status, status == 400 ? ProblemTypes.InvalidRequest : ProblemTypes.InvalidValue);
        Assert.That(problem.Errors!.Single().Pointer, Is.EqualTo(at));
    }

    [Test]
    public async Task A_revocation_can_be_repeated_and_an_unknown_key_is_unknown()
    {
        var (key, _) = await MakeAsync(ApiScopes.Read);
        using var first = await SendAsync(HttpMethod.Delete, $"/v1/keys/{key.Id}?reason=leaked", Admin);
        using var second = await SendAsync(HttpMethod.Delete, $"/v1/keys/{key.Id}", Admin);
        using var unknown = await SendAsync(HttpMethod.Delete, "/v1/keys/aaaaaaaaaa", Admin);
        using var noId = await SendAsync(HttpMethod.Get, "/v1/keys/x", Admin);

        Assert.That((first.StatusCode, second.StatusCode), Is.EqualTo((HttpStatusCode.NoContent, HttpStatusCode.NoContent)));
        await ProblemAsync(unknown, HttpStatusCode.NotFound, ProblemTypes.UnknownKey);
        await ProblemAsync(noId, HttpStatusCode.NotFound, ProblemTypes.UnknownKey);
        Assert.That(
            await Producer.ScalarAsync($"SELECT count(*) FROM messaging.audit WHERE target = 'key:{key.Id}' AND action = 'key.revoke' AND reason = 'leaked'"),
            Is.EqualTo(1));
    }

    [Test]
    public async Task Pages_of_keys_join()
    {
        for (var i = 0; i < 3; i++)
            await MakeAsync(ApiScopes.Read, name: $"page {i}");
        using var first = await SendAsync(HttpMethod.Get, "/v1/keys?limit=2", Admin);
        using var second = await SendAsync(HttpMethod.Get, first.Headers.GetValues("Link").Single().Split('<', '>')[1], Admin);
        var (one, two) = (await ReadAsync<Page<KeyResponse>>(first), await ReadAsync<Page<KeyResponse>>(second));

        Assert.That(one.Items.Concat(two.Items).Select(k => k.Id), Is.Unique);
        Assert.That(one.Items.Concat(two.Items).Select(k => k.CreatedAt), Is.Ordered.Descending);
        Assert.That(one.Items.Concat(two.Items).Select(k => k.Secret), Has.All.Null);
    }
}
