using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Access;
using Messaging.Producer.Access;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Access;

/// <summary>A request that waits for the end of a task is let in only as long as its key is.</summary>
public sealed class LongPollTests : KeyedTest
{
    private const string Echo = """{"kind":"debug.echo","input":{"message":"hi"}}""";

    [TestCase("?wait=PT60S", null)]
    [TestCase("", "wait=60")]
    public async Task A_long_poll_ends_with_401_when_its_key_is_revoked_and_that_of_another_goes_on(string query, string? prefer, CancellationToken cancellationToken)
    {
        var (key, secret) = await MakeAsync(ApiScopes.Read);
        var task = await SubmitAsync();
        var poll = GetAsync($"/v1/tasks/{task}{query}", secret, prefer, cancellationToken);
        var ofAnother = GetAsync($"/v1/tasks/{task}{query}", Admin, prefer, cancellationToken);
        await WaitingAsync(2);
        var watch = Stopwatch.StartNew();

        // By another process, as far as this one knows.
        await Producer.Get<KeyStore>().RevokeAsync(key.Id, Nobody, cancellationToken);

        using var refused = await poll;
        Assert.That(watch.Elapsed, Is.LessThan(KeyCatalog.LongestAge));
        await ProblemAsync(refused, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.That(refused.Headers.WwwAuthenticate.ToString(), Does.Contain("error=\"invalid_token\""));
        Assert.That(ofAnother.IsCompleted, Is.False);
        await Producer.EndAsync(task);
        using var answer = await ofAnother;
        Assert.That((await ReadAsync<TaskResponse>(answer)).State, Is.EqualTo(TaskState.Succeeded));
        await WaitingAsync(0);
    }

    [Test]
    public async Task A_long_poll_ends_with_the_life_of_its_key(CancellationToken cancellationToken)
    {
        var (_, secret) = await MakeAsync(ApiScopes.Read, TimeSpan.FromSeconds(2));
        var watch = Stopwatch.StartNew();
        using var refused = await GetAsync($"/v1/tasks/{await SubmitAsync()}?wait=PT60S", secret, null, cancellationToken);

        Assert.That((await ProblemAsync(refused, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized)).Detail, Does.Contain("expired at"));
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(2) + KeyCatalog.LongestAge));
    }

    [Test]
    public async Task What_was_accepted_stays_accepted_and_only_the_wait_ends(CancellationToken cancellationToken)
    {
        var (key, secret) = await MakeAsync(ApiScopes.Submit);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/tasks", UriKind.Relative)) { Content = new StringContent(Echo, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        request.Headers.Add("Prefer", "wait=60");
        var submit = Producer.Client.SendAsync(request, cancellationToken);
        await WaitingAsync(1);
        var watch = Stopwatch.StartNew();

        await Producer.Get<KeyStore>().RevokeAsync(key.Id, Nobody, cancellationToken);

        using var answer = await submit;
        Assert.That(watch.Elapsed, Is.LessThan(KeyCatalog.LongestAge));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await answer.Content.ReadAsStringAsync(cancellationToken));
        var task = await ReadAsync<TaskResponse>(answer);
        Assert.That((task.State, answer.Headers.Location?.ToString()), Is.EqualTo((TaskState.Queued, task.Links.Self)));
        Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.open_tasks WHERE id = '{task.Id}'"), Is.EqualTo(1));
    }

    [Test]
    public async Task One_without_a_key_ends_when_keys_are_needed(CancellationToken cancellationToken)
    {
        await using var open = await StartAsync();
        var task = (await open.SubmitAsync()).Id;
        var poll = open.GetAsync($"/v1/tasks/{task}?wait=PT60S");
        await Eventually.TrueAsync(() => open.Get<LastingRequests>().Count == 1, cancellationToken: cancellationToken);
        var watch = Stopwatch.StartNew();

        await open.Get<KeyStore>().CreateAsync(new NewKey("me", ApiScopes.Admin), Nobody, cancellationToken);

        using var refused = await poll;
        await ProblemAsync(refused, HttpStatusCode.Unauthorized, ProblemTypes.Unauthorized);
        Assert.That(refused.Headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer realm=\"messaging\""));
        Assert.That(watch.Elapsed, Is.LessThan(KeyCatalog.LongestAge));
    }

    private async Task<Guid> SubmitAsync() => (await ReadAsync<TaskResponse>(await SendAsync(HttpMethod.Post, "/v1/tasks", Admin, Echo))).Id;

    private Task<HttpResponseMessage> GetAsync(string path, string key, string? prefer, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (prefer is not null)
            request.Headers.Add("Prefer", prefer);
        return Producer.Client.SendAsync(request, cancellationToken);
    }

    private Task WaitingAsync(int requests) => Eventually.TrueAsync(() => Producer.Get<LastingRequests>().Count == requests);
}
