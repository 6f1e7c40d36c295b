using System.Diagnostics;
using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support.Servers;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.Integration.Client;

/// <summary>A submit that gets no answer is repeated, and makes one task.</summary>
public sealed class SubmitRetryTests : ProducerTest
{
    private const string Accepted =
        """{"id":"01a1fc24-4278-79a1-af02-c94fc0685ef6","kind":"debug.echo","queue":"default","state":"queued","attempt":0,"maxAttempts":5,"tags":[],"createdAt":"2026-11-21T03:26:37.176Z","links":{"self":"/"}}""";

    [Test]
    public async Task A_lost_answer_makes_no_second_task()
    {
        await using var network = new LostAnswer(Producer.Address, "HTTP/1.1 202");
        using var sent = new RecordedRequests();
        using var client = Clients.Of(network.Address, options => options.Handler = sent);
        var tag = Guid.NewGuid().ToString();

        var handle = await client.SubmitAsync(new DebugEcho("once"), new SubmitOptions { Tags = [tag] });

        Assert.That(network.Lost, Is.EqualTo(1), "the first answer was");
        Assert.That(handle.IsReplayed, Is.True, "by the first try");
        Assert.That(sent.Lines, Is.EqualTo(new[] { "POST /v1/tasks", "POST /v1/tasks" }));
        Assert.That(sent.Keys[0], Is.Not.Empty.And.EqualTo(sent.Keys[1]));
        Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.task_tags WHERE tag = '{tag}'"), Is.EqualTo(1));
        Assert.That(await Producer.IdOfTagAsync(tag), Is.EqualTo(handle.Id));
    }

    [Test]
    public async Task Without_a_key_a_lost_answer_is_told_and_nothing_repeated()
    {
        await using var network = new LostAnswer(Producer.Address, "HTTP/1.1 202");
        using var client = Clients.Of(network.Address, options => options.GenerateIdempotencyKeys = false);
        var tag = Guid.NewGuid().ToString();

        var unknown = Assert.ThrowsAsync<ProducerUnavailableException>(
            async () => await client.SubmitAsync(new DebugEcho("perhaps"), new SubmitOptions { Tags = [tag] }))!;

        Assert.That(unknown.IdempotencyKey, Is.Null);
        Assert.That(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.task_tags WHERE tag = '{tag}'"), Is.EqualTo(1));
    }

    [Test]
    public async Task Retry_After_is_honoured()
    {
        var asked = new List<(long At, string Key)>();
        await using var server = await LocalWebServer.StartAsync(async http =>
        {
            asked.Add((Stopwatch.GetTimestamp(), http.Request.Headers["Idempotency-Key"].ToString()));
            if (asked.Count < 3)
                await AnswerProblemAsync(http, asked.Count == 1 ? 503 : 429, ProblemTypes.LedgerUnavailable, retryAfter: "1");
            else
                await AnswerAsync(http, 202, Accepted);
        });
        using var client = Clients.Of(server.Address);

        await client.SubmitAsync(new DebugEcho("patient"));

        Assert.That(asked, Has.Count.EqualTo(3));
        Assert.That(asked.Select(a => a.Key).Distinct().Count(), Is.EqualTo(1));
        Assert.That(asked.Zip(asked.Skip(1), (a, b) => Stopwatch.GetElapsedTime(a.At, b.At).TotalSeconds), Has.All.GreaterThan(0.95));
    }

    [TestCase(503, "3600", Description = "asks for more time than there is")]
    [TestCase(429, "3600")]
    [TestCase(500, null, Description = "is no matter of time")]
    [TestCase(401, null)]
    public async Task What_does_not_pass_in_time_is_told_at_once(int status, string? retryAfter)
    {
        await using var server = await LocalWebServer.StartAsync(http => AnswerProblemAsync(http, status, ProblemTypes.InternalError, retryAfter));
        using var client = Clients.Of(server.Address);

        var said = Assert.ThrowsAsync<ProblemException>(async () => await client.SubmitAsync(new DebugEcho("x")))!;

        Assert.That((said.Status, said.Type), Is.EqualTo((status, ProblemTypes.InternalError)));
        Assert.That(said.RetryAfter, retryAfter is null ? Is.Null : Is.EqualTo(TimeSpan.FromHours(1)));
        Assert.That(server.Requests, Is.EqualTo(1));
    }

    [Test]
    public async Task Trying_ends_when_its_time_is_over()
    {
        await using var server = await LocalWebServer.StartAsync(http => AnswerProblemAsync(http, 503, ProblemTypes.LedgerUnavailable));
        using var client = Clients.Of(server.Address, options => options.RetryFor = TimeSpan.FromSeconds(1));
        var since = Stopwatch.GetTimestamp();

        Assert.That(async () => await client.SubmitAsync(new DebugEcho("x")), Throws.InstanceOf<ProblemException>().With.Property(nameof(ProblemException.Status)).EqualTo(503));

        Assert.That(server.Requests, Is.InRange(3, 8), "each pause is longer than the last");
        Assert.That(Stopwatch.GetElapsedTime(since), Is.LessThan(TimeSpan.FromSeconds(5)));
    }

    [Test]
    public void A_producer_that_is_not_there_is_named_with_the_key_that_was_used()
    {
        using var client = Clients.Of(new Uri($"http://127.0.0.1:{FreePorts.Find(1)[0]}"), options => options.RetryFor = TimeSpan.FromSeconds(0.5));

        var away = Assert.ThrowsAsync<ProducerUnavailableException>(
            async () => await client.SubmitAsync(new DebugEcho("x"), new SubmitOptions { IdempotencyKey = "mine" }))!;

        Assert.That(away.IdempotencyKey, Is.EqualTo("mine"));
        Assert.That(away.InnerException, Is.InstanceOf<HttpRequestException>());
        Assert.That(away.Message, Does.Contain("tries").And.Contain("mine"));
    }

    [Test]
    public async Task Silence_is_ended_by_the_request_timeout()
    {
        var silent = 1;
        await using var server = await LocalWebServer.StartAsync(async http =>
        {
            if (Interlocked.Exchange(ref silent, 0) == 1)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            else
                await AnswerAsync(http, 202, Accepted);
        });
        using var client = Clients.Of(server.Address, options => options.RequestTimeout = TimeSpan.FromMilliseconds(300));

        await client.SubmitAsync(new DebugEcho("x"));

        Assert.That(server.Requests, Is.EqualTo(2));
    }

    [Test]
    public async Task When_one_producer_is_away_the_next_is_asked_and_stays()
    {
        var nobody = new Uri($"http://127.0.0.1:{FreePorts.Find(1)[0]}");
        await using var busy = await LocalWebServer.StartAsync(http => AnswerProblemAsync(http, 503, ProblemTypes.LedgerUnavailable, retryAfter: "30"));
        using var client = Clients.Of(nobody, options =>
        {
            options.OtherAddresses.Add(busy.Address);
            options.OtherAddresses.Add(Producer.Address);
        });

        await client.SubmitAsync(new DebugEcho("first"));
        await client.SubmitAsync(new DebugEcho("second"));

        Assert.That(busy.Requests, Is.EqualTo(1), "once, and its wish to be left alone was no reason to wait");
    }

    [Test]
    public async Task Somebody_in_between_is_quoted()
    {
        await using var proxy = await LocalWebServer.StartAsync(async http =>
        {
            http.Response.StatusCode = 404;
            http.Response.ContentType = "text/plain";
            await http.Response.WriteAsync("no such host");
        });
        await using var stranger = await LocalWebServer.StartAsync(http => AnswerAsync(http, 200, "[]"));
        using var lost = Clients.Of(proxy.Address);
        using var strange = Clients.Of(stranger.Address);

        var said = Assert.ThrowsAsync<ProblemException>(async () => await lost.SubmitAsync(new DebugEcho("x")))!;

        Assert.That((said.Status, said.Type, said.Detail), Is.EqualTo((404, "about:blank", "no such host")));
        Assert.That(
            async () => await strange.SubmitAsync(new DebugEcho("x")),
            Throws.InstanceOf<MessagingClientException>().With.Message.Contains("does not seem to be a Producer"));
    }

    [Test]
    public async Task The_callers_trace_goes_with_the_task()
    {
        using var activity = new Activity("checkout").Start();
        using var client = Clients.Of(Producer.Address);
        var handle = await client.SubmitAsync(new DebugEcho("traced"));

        Assert.That(await Producer.ScalarAsync($"SELECT trace_parent FROM messaging.tasks WHERE id = '{handle.Id}'"), Does.Contain(activity.TraceId.ToString()));
    }

    private static async Task AnswerAsync(HttpContext http, int status, string body, string type = "application/json")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        await http.Response.WriteAsync(body);
    }

    private static Task AnswerProblemAsync(HttpContext http, int status, string type, string? retryAfter = null)
    {
        if (retryAfter is not null)
            http.Response.Headers.RetryAfter = retryAfter;
        return AnswerAsync(http, status, $$"""{"type":"{{type}}","title":"No","status":{{status}},"detail":"Not now."}""", Problem.MediaType);
    }
}
