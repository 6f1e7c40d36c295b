using System.Net;
using System.Net.Http.Headers;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Access;
using Messaging.Tests.Support.Web;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Access;

/// <summary>What a browser opens an event stream with, and what ends the stream.</summary>
public sealed class StreamTokenTests : KeyedTest
{
    private const string Echo = """{"kind":"debug.echo","input":{"message":"hi"}}""";

    [Test]
    public async Task A_token_opens_the_stream_of_its_task_and_nothing_else(CancellationToken cancellationToken)
    {
        var (_, reader) = await MakeAsync(ApiScopes.Read);
        var (task, other) = (await SubmitAsync(), await SubmitAsync());
        var token = await TokenAsync(reader, $$"""{"taskId":"{{task}}"}""");
        await Producer.EndAsync(task);

        Assert.That(token.Token, Does.StartWith(StreamTokens.Prefix));
        Assert.That(token.Url, Is.EqualTo($"/v1/tasks/{task}/events?access_token={token.Token}"));
        Assert.That(token.ExpiresAt - Producer.Get<Infrastructure.Store.Connections.LedgerClock>().Now, Is.InRange(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5.1)));
        using (var stream = await OpenAsync(token.Url, cancellationToken))
            Assert.That((await stream.RestAsync(cancellationToken))[^1].Name, Is.EqualTo("task.succeeded"));
        using (var again = await OpenAsync($"{token.Url}&lastEventId=1-2", cancellationToken))
            Assert.That(await again.NextAsync(cancellationToken), Is.Not.Null, "it opens the stream as often as it must");

        foreach (var (path, status, type) in ((string, HttpStatusCode, string)[])
            [
                ($"/v1/tasks/{other}/events", HttpStatusCode.Forbidden, ProblemTypes.InsufficientScope),
                ("/v1/events", HttpStatusCode.Forbidden, ProblemTypes.InsufficientScope),
                ($"/v1/tasks/{task}", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest),
                ("/v1/keys", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest),
            ])
        {
            using var answer = await SendAsync(HttpMethod.Get, $"{path}?access_token={token.Token}", null);
            await ProblemAsync(answer, status, type);
        }

        // On the connection that has just carried a token.
        using var without = await SendAsync(HttpMethod.Get, $"/v1/tasks/{task}/events", null);
        await ProblemAsync(without, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
    }

    [TestCase("""{"tag":"a"}""", "/v1/events?tag=a", true)]
    [TestCase("""{"tag":"a"}""", "/v1/events?tag=a&kind=debug.echo", true)]
    [TestCase("""{"tag":"a"}""", "/v1/events?tag=b", false)]
    [TestCase("""{"tag":"a"}""", "/v1/events", false)]
    [TestCase("{}", "/v1/events?queue=default", true)]
    [TestCase("{}", "/v1/tasks/01a1fc24-4278-79a1-af02-c94fc0685ef6/events", false)]
    [TestCase("{}", "/v1/tasks/nonsense/events", false)]
    public async Task A_token_of_many_tasks_opens_what_shows_no_more(string target, string path, bool opens)
    {
        var token = await TokenAsync(Admin, target);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}access_token={token.Token}", UriKind.Relative));
        using var answer = await Producer.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        Assert.That(answer.StatusCode, Is.EqualTo(opens ? HttpStatusCode.OK : HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task An_expired_an_unknown_a_second_token_and_one_beside_a_key_are_refused()
    {
        var token = (await TokenAsync(Admin, "{}")).Token;
        using var unknown = await SendAsync(HttpMethod.Get, $"/v1/events?access_token={token[..^1]}{(token[^1] == 'a' ? 'b' : 'a')}", null);
        using var key = await SendAsync(HttpMethod.Get, $"/v1/events?access_token={Admin}", null);
        using var two = await SendAsync(HttpMethod.Get, $"/v1/events?access_token={token}&access_token={token}", null);
        using var both = await SendAsync(HttpMethod.Get, $"/v1/events?access_token={token}", Admin);
        await Producer.ScalarAsync("UPDATE messaging.stream_tokens SET expires_at = now() - interval '1 second'");
        using var expired = await SendAsync(HttpMethod.Get, $"/v1/events?access_token={token}", null);

        foreach (var answer in (HttpResponseMessage[])[unknown, key, expired])
        {
            await ProblemAsync(answer, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
            Assert.That(answer.Headers.WwwAuthenticate.ToString(), Does.Contain("invalid_token"));
        }

        foreach (var answer in (HttpResponseMessage[])[two, both])
            Assert.That((await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest)).Errors!.Single().Parameter, Is.EqualTo("access_token"));

        await TokenAsync(Admin, "{}");
        Assert.That(await Producer.ScalarAsync("SELECT count(*) FROM messaging.stream_tokens WHERE expires_at < now()"), Is.Zero, "expired ones go when another is made");
    }

    [TestCase("""{"taskId":"x"}""", "#/taskId")]
    [TestCase("""{"taskId":"01a1fc24-4278-79a1-af02-c94fc0685ef6","tag":"a"}""", "#/taskId")]
    [TestCase("""{"expiresIn":"PT2H"}""", "#/expiresIn")]
    [TestCase("""{"queue":"a b"}""", "#/queue")]
    public async Task A_target_that_can_not_be_is_refused(string body, string member)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/v1/events/tokens", Admin, body);

        Assert.That((await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue)).Errors!.Single().Pointer, Is.EqualTo(member));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task The_streams_of_a_revoked_key_end_and_its_tokens_open_none(bool byToken, CancellationToken cancellationToken)
    {
        var (key, secret) = await MakeAsync(ApiScopes.Read);
        var task = await SubmitAsync();
        var token = await TokenAsync(secret, $$"""{"taskId":"{{task}}"}""");
        var wideToken = await TokenAsync(secret, "{}");
        using var stream = await OpenAsync(byToken ? token.Url : $"/v1/tasks/{task}/events", cancellationToken, byToken ? null : secret);
        using var wide = await OpenAsync(byToken ? wideToken.Url : "/v1/events", cancellationToken, byToken ? null : secret);
        using var ofAnother = await OpenAsync($"/v1/tasks/{task}/events", cancellationToken, Admin);
        Assert.That((await stream.NextAsync(cancellationToken))!.Name, Is.EqualTo("task.queued"));
        await ofAnother.NextAsync(cancellationToken);
        var watch = System.Diagnostics.Stopwatch.StartNew();

        // By another process, as far as this one knows.
        await Producer.Get<KeyStore>().RevokeAsync(key.Id, Nobody, cancellationToken);

        Assert.That(await stream.NextAsync(cancellationToken), Is.Null);
        Assert.That(await wide.NextAsync(cancellationToken), Is.Null);
        Assert.That(watch.Elapsed, Is.LessThan(KeyCatalog.LongestAge));
        Assert.That(stream.Comments.Concat(wide.Comments), Is.EqualTo(["the key works no more", "the key works no more"]));
        using var back = await SendAsync(HttpMethod.Get, token.Url, null);
        await ProblemAsync(back, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        await Producer.EndAsync(task);
        Assert.That((await ofAnother.RestAsync(cancellationToken))[^1].Name, Is.EqualTo("task.succeeded"), "that of another key goes on");
    }

    [Test]
    public async Task A_stream_ends_with_the_life_of_its_key(CancellationToken cancellationToken)
    {
        var (_, secret) = await MakeAsync(ApiScopes.Read, TimeSpan.FromSeconds(2));
        using var stream = await OpenAsync("/v1/events?tag=nobody-has-it", cancellationToken, secret);

        Assert.That(await stream.NextAsync(cancellationToken), Is.Null);
        Assert.That(stream.Comments, Does.Contain("the key works no more"));
    }

    private async Task<Guid> SubmitAsync() => (await ReadAsync<TaskResponse>(await SendAsync(HttpMethod.Post, "/v1/tasks", Admin, Echo))).Id;

    private async Task<StreamTokenResponse> TokenAsync(string key, string target)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/v1/events/tokens", key, target);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created), await answer.Content.ReadAsStringAsync());
        return await ReadAsync<StreamTokenResponse>(answer);
    }

    private async Task<EventStreamReader> OpenAsync(string path, CancellationToken cancellationToken, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var answer = await Producer.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return new EventStreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
    }
}
