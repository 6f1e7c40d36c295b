using System.Net;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Access;

/// <summary>Who is let in, and what the others are told (RFC 6750).</summary>
public sealed class AccessGateTests : KeyedTest
{
    private const string Echo = """{"kind":"debug.echo","input":{"message":"hi"}}""";

    [Test]
    public async Task Without_a_key_all_but_the_health_is_refused_without_an_error_code()
    {
        using var list = await SendAsync(HttpMethod.Get, "/v1/tasks", null);
        using var submit = await SendAsync(HttpMethod.Post, "/v1/tasks", null, Echo);
        using var live = await SendAsync(HttpMethod.Get, "/health/live", null);
        using var ready = await SendAsync(HttpMethod.Get, "/health/ready", null);

        await ProblemAsync(list, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        await ProblemAsync(submit, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.That(list.Headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer realm=\"messaging\""));
        Assert.That((live.StatusCode, ready.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)));
    }

    [TestCase("Bearer nonsense")]
    [TestCase("Bearer msg_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task What_is_no_key_is_an_invalid_token(string authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/tasks", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var answer = await Producer.Client.SendAsync(request);

        var problem = await ProblemAsync(answer, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.That(answer.Headers.WwwAuthenticate.ToString(), Does.StartWith("Bearer").And.Contain("error=\"invalid_token\""));
        Assert.That(problem.Detail, Does.Not.Contain("nonsense"));
    }

    [Test]
    public async Task A_right_id_with_a_wrong_secret_is_refused()
    {
        var (key, secret) = await MakeAsync(ApiScopes.Read);
        var last = secret[^1] == 'a' ? 'b' : 'a';
        using var wrong = await SendAsync(HttpMethod.Get, "/v1/tasks", secret[..^1] + last);
        using var right = await SendAsync(HttpMethod.Get, "/v1/tasks", secret);

        Assert.That(wrong.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(right.StatusCode, Is.EqualTo(HttpStatusCode.OK), key.Id);
    }

    [Test]
    public async Task Another_scheme_is_no_key_and_two_headers_are_a_bad_request()
    {
        using var basic = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/tasks", UriKind.Relative));
        basic.Headers.TryAddWithoutValidation("Authorization", "Basic YTpi");
        using var lower = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/tasks", UriKind.Relative));
        lower.Headers.TryAddWithoutValidation("Authorization", $"bearer {Admin}");
        using var answer = await Producer.Client.SendAsync(basic);
        using var answerToLower = await Producer.Client.SendAsync(lower);

        await ProblemAsync(answer, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.That(answer.Headers.WwwAuthenticate.ToString(), Does.Not.Contain("error"));
        Assert.That(answerToLower.StatusCode, Is.EqualTo(HttpStatusCode.OK), "the scheme's case does not matter");
    }

    [Test]
    public async Task A_scope_opens_its_routes_and_no_others()
    {
        var (_, submit) = await MakeAsync(ApiScopes.Submit);
        var (_, read) = await MakeAsync(ApiScopes.Read);
        var (_, operate) = await MakeAsync(ApiScopes.Operate);
        var task = await ReadAsync<TaskResponse>(await SendAsync(HttpMethod.Post, "/v1/tasks", submit, Echo));

        Assert.Multiple(async () =>
        {
            Assert.That(await StatusAsync(HttpMethod.Get, $"/v1/tasks/{task.Id}", read), Is.EqualTo(HttpStatusCode.OK));
            Assert.That(await StatusAsync(HttpMethod.Get, $"/v1/tasks/{task.Id}", submit), Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That(await StatusAsync(HttpMethod.Post, "/v1/tasks", read, Echo), Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That(await StatusAsync(HttpMethod.Post, $"/v1/tasks/{task.Id}/cancel", read), Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That(await StatusAsync(HttpMethod.Post, $"/v1/tasks/{task.Id}/cancel", operate), Is.EqualTo(HttpStatusCode.OK));
            Assert.That(await StatusAsync(HttpMethod.Get, "/v1/keys", operate), Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That(await StatusAsync(HttpMethod.Get, "/v1/audit", read), Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That(await StatusAsync(HttpMethod.Post, "/v1/tasks", Admin, Echo), Is.EqualTo(HttpStatusCode.Accepted), "admin may all");
        });
    }

    [Test]
    public async Task A_route_that_states_no_scope_needs_an_admin(CancellationToken cancellationToken)
    {
        await using var app = global::Messaging.Producer.Program.Build(
        [
            "--urls=http://127.0.0.1:0",
            $"--Messaging:Postgres={Producer.Get<Microsoft.Extensions.Options.IOptions<LedgerOptions>>().Value.Postgres}",
            "--Messaging:RabbitMq=amqp://nobody:nothing@127.0.0.1:1/",
        ]);
        app.MapGet("/v1/forgotten", () => "open");
        await app.StartAsync(cancellationToken);
        await app.Services.GetRequiredService<global::Messaging.Producer.StartBehindServer>().Starting;
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var (_, all) = await MakeAsync(ApiScopes.Submit | ApiScopes.Read | ApiScopes.Operate);

        Assert.That(await GetAsync(null), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await GetAsync(all), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await GetAsync(Admin), Is.EqualTo(HttpStatusCode.OK));
        await app.StopAsync(cancellationToken);

        async Task<HttpStatusCode> GetAsync(string? key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/forgotten", UriKind.Relative));
            request.Headers.Authorization = key is null ? null : new("Bearer", key);
            using var answer = await client.SendAsync(request, cancellationToken);
            return answer.StatusCode;
        }
    }

    [Test]
    public async Task A_missing_scope_is_named()
    {
        var (key, secret) = await MakeAsync(ApiScopes.Read | ApiScopes.Submit);
        using var answer = await SendAsync(HttpMethod.Delete, $"/v1/tasks/{Guid.NewGuid()}", secret);

        var problem = await ProblemAsync(answer, HttpStatusCode.Forbidden, ProblemTypes.InsufficientScope);
        Assert.That(answer.Headers.WwwAuthenticate.ToString(), Does.Contain("error=\"insufficient_scope\"").And.Contain("scope=\"operate\""));
        Assert.That(problem.Detail, Does.Contain("'operate'").And.Contain("submit, read").And.Contain(key.Id));
    }

    [Test]
    public async Task A_revoked_key_is_refused()
    {
        var (key, secret) = await MakeAsync(ApiScopes.Read);
        Assert.That(await StatusAsync(HttpMethod.Get, "/v1/tasks", secret), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await StatusAsync(HttpMethod.Delete, $"/v1/keys/{key.Id}", Admin), Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await StatusAsync(HttpMethod.Get, "/v1/tasks", secret), Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task An_expired_key_is_refused_and_its_holder_is_told()
    {
        var (key, secret) = await MakeAsync(ApiScopes.Read, TimeSpan.FromHours(1));
        Assert.That(await StatusAsync(HttpMethod.Get, "/v1/tasks", secret), Is.EqualTo(HttpStatusCode.OK));
        await Producer.ScalarAsync($"UPDATE messaging.api_keys SET expires_at = now() - interval '1 second' WHERE id = '{key.Id}'");
        await Producer.Get<KeyCatalog>().RefreshAsync(CancellationToken.None);
        using var answer = await SendAsync(HttpMethod.Get, "/v1/tasks", secret);

        var problem = await ProblemAsync(answer, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.That(problem.Detail, Does.Contain("expired at"));
        Assert.That(answer.Headers.WwwAuthenticate.ToString(), Does.Contain("error=\"invalid_token\"").And.Contain("expired"));
    }

    [Test]
    public async Task A_key_ends_at_its_moment_without_another_read()
    {
        var (key, secret) = await MakeAsync(ApiScopes.Read, TimeSpan.FromMilliseconds(700));
        Assert.That(key.ExpiresAt, Is.Not.Null);
        await Eventually.GetAsync(_ => StatusAsync(HttpMethod.Get, "/v1/tasks", secret), s => s == HttpStatusCode.Unauthorized);
        Assert.That(Producer.Get<LedgerClock>().Now, Is.GreaterThanOrEqualTo(key.ExpiresAt));
    }

    [Test]
    public async Task An_unknown_address_says_so_to_everybody()
    {
        using var nowhere = await SendAsync(HttpMethod.Get, "/v1/nowhere", null);
        using var wrongMethod = await SendAsync(HttpMethod.Put, "/v1/keys", null, "{}");

        await ProblemAsync(nowhere, HttpStatusCode.NotFound, ProblemTypes.NotFound);
        await ProblemAsync(wrongMethod, HttpStatusCode.MethodNotAllowed, ProblemTypes.MethodNotAllowed);
    }

    [Test]
    public async Task The_last_use_is_noted()
    {
        await using var quick = await StartOnAsync(
            Producer.Get<Microsoft.Extensions.Options.IOptions<LedgerOptions>>().Value.Postgres, null, "--Messaging:Access:NoteUseEvery=00:00:00.2");
        var (key, secret) = await MakeAsync(ApiScopes.Read);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/tasks", UriKind.Relative));
        request.Headers.Authorization = new("Bearer", secret);
        using var answer = await quick.Client.SendAsync(request);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));

        var used = await Eventually.GetAsync(_ => Producer.Get<KeyStore>().FindAsync(key.Id, CancellationToken.None), k => k?.LastUsedAt is not null);
        Assert.That(used!.LastUsedAt, Is.GreaterThanOrEqualTo(key.CreatedAt));
    }

    [Test]
    public async Task Refusals_are_counted_by_reason()
    {
        using var refused = new MetricCollector(Producer.Get<System.Diagnostics.Metrics.IMeterFactory>(), "messaging.requests.refused");
        await StatusAsync(HttpMethod.Get, "/v1/tasks", null);
        await StatusAsync(HttpMethod.Get, "/v1/tasks", "nonsense");
        Assert.That(refused.Tag("reason"), Is.EqualTo(new[] { "no-key", "unknown" }));
    }

    private async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string? key, string? body = null)
    {
        using var answer = await SendAsync(method, path, key, body);
        return answer.StatusCode;
    }
}
