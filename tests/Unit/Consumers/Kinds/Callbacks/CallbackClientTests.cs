using System.Diagnostics;
using System.Net;
using Messaging.Consumers.Kinds.Callbacks;
using Messaging.Contracts.Callbacks;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Outbound;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Messaging.Tests.Unit.Consumers.Kinds.Callbacks;

/// <summary>One request: what goes out, what comes of the answer, and where it may lead.</summary>
[CancelAfter(30_000)]
public sealed class CallbackClientTests
{
    private static readonly byte[] Secret = CallbackSecret.Create();
    private static readonly byte[] Body = """{"type":"task.succeeded"}"""u8.ToArray();
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Test]
    public async Task A_request_is_signed_and_carries_nothing_else(CancellationToken limit)
    {
        var headers = new Dictionary<string, string>();
        var body = Array.Empty<byte>();
        await using var web = await LocalWebServer.StartAsync(async context =>
        {
            foreach (var (name, value) in context.Request.Headers)
                headers[name] = value.ToString();
            using var copy = new MemoryStream();
            await context.Request.Body.CopyToAsync(copy);
            body = copy.ToArray();
            context.Response.Cookies.Append("id", "1");
            context.Response.StatusCode = 204;
        });
        using var client = Client(new CallbackOptions { AllowLoopback = true });
        using var activity = new Activity("test").Start();

        var answer = await SendAsync(client, web.Url("hook"), limit);

        Assert.That(answer.Attempt, Has.Property("Status").EqualTo(204).And.Property("Error").Null);
        Assert.That(body, Is.EqualTo(Body));
        Assert.That(
            headers.Keys,
            Is.EquivalentTo(["Host", "User-Agent", "Accept", "Content-Type", "Content-Length", "webhook-id", "webhook-timestamp", "webhook-signature"]));
        Assert.That(CallbackSignature.Verify(headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"], body, Secret, Now), Is.True);
        Assert.That(headers["webhook-timestamp"], Is.EqualTo("1800000000"));
    }

    [TestCase(200, null)]
    [TestCase(299, null)]
    [TestCase(302, "it answered 302; redirects are not followed")]
    [TestCase(400, "it answered 400")]
    [TestCase(410, "it answered 410: it wants no more")]
    [TestCase(503, "it answered 503")]
    public async Task A_status_is_taken_as_it_is(int status, string? error, CancellationToken limit)
    {
        await using var web = await LocalWebServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "/elsewhere";
            return Task.CompletedTask;
        });
        using var client = Client(new CallbackOptions { AllowLoopback = true });

        var answer = await SendAsync(client, web.Url("hook"), limit);

        Assert.That((answer.Attempt.Status, answer.Attempt.Error), Is.EqualTo(((int?)status, error)));
        Assert.That(web.Requests, Is.EqualTo(1));
    }

    [TestCase("120", 120)]
    [TestCase("9999999", 86_400)]
    [TestCase("Fri, 15 Jan 2027 08:01:00 GMT", 60)]
    [TestCase("Fri, 15 Jan 2027 07:59:00 GMT", 0)]
    [TestCase("soon", null)]
    public async Task Retry_After_is_seconds_or_a_time_and_at_most_a_day(string header, int? seconds, CancellationToken limit)
    {
        await using var web = await LocalWebServer.StartAsync(context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = header;
            return Task.CompletedTask;
        });
        using var client = Client(new CallbackOptions { AllowLoopback = true });

        var after = (await SendAsync(client, web.Url("hook"), limit)).RetryAfter;

        if (seconds is { } expected)
            Assert.That(after!.Value.TotalSeconds, Is.EqualTo(expected).Within(5));
        else
            Assert.That(after, Is.Null);
    }

    [Test]
    public async Task Who_takes_too_long_is_left(CancellationToken limit)
    {
        await using var web = await LocalWebServer.StartAsync(context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        using var client = Client(new CallbackOptions { AllowLoopback = true, Timeout = TimeSpan.FromMilliseconds(300) });

        var answer = await SendAsync(client, web.Url("hook"), limit);

        Assert.That((answer.Attempt.Status, answer.Attempt.Error), Is.EqualTo(((int?)null, "it took longer than 0.3 s")));
        Assert.That(answer.Attempt.Duration, Is.GreaterThan(TimeSpan.FromMilliseconds(290)));
    }

    [Test]
    public async Task A_body_that_does_not_end_is_not_waited_for(CancellationToken limit)
    {
        await using var web = await LocalWebServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync("and so on");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        using var client = Client(new CallbackOptions { AllowLoopback = true });
        Assert.That((await SendAsync(client, web.Url("hook"), limit)).Attempt.Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Who_does_not_listen_is_named(CancellationToken limit)
    {
        using var client = Client(new CallbackOptions { AllowLoopback = true });
        Assert.That((await SendAsync(client, "http://127.0.0.1:1/", limit)).Attempt.Error, Does.StartWith("no connection:"));
    }

    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    [TestCase("2130706433")]
    [TestCase("[::ffff:127.0.0.1]")]
    public async Task Without_leave_this_machine_is_out_of_reach_under_any_name(string host, CancellationToken limit)
    {
        await using var web = await LocalWebServer.StartAsync(_ => Task.CompletedTask);
        using var client = Client(new CallbackOptions());

        var answer = await SendAsync(client, $"http://{host}:{web.Address.Port}/", limit);

        Assert.That(answer.Attempt.Error, Does.Contain("refused unless Messaging:Callbacks:AllowLoopback is set"));
        Assert.That(web.Requests, Is.Zero);
    }

    [Test]
    public async Task A_name_that_leads_inside_is_refused_also_when_it_first_did_not(CancellationToken limit)
    {
        await using var web = await LocalWebServer.StartAsync(context =>
        {
            context.Response.Headers.Connection = "close"; // so that the next request needs another connection
            return Task.CompletedTask;
        });
        var resolutions = 0;
        var rules = new AddressRules(AllowLoopback: true, AllowPrivate: false, CallbackOptions.Section);
        var connector = new GuardedConnector(
            rules, (_, _) => Task.FromResult(new[] { Interlocked.Increment(ref resolutions) == 1 ? IPAddress.Loopback : IPAddress.Parse("10.0.0.1") }));
        using var client = Client(new CallbackOptions(), connector);

        var first = await SendAsync(client, $"http://rebound.example:{web.Address.Port}/", limit);
        var second = await SendAsync(client, $"http://rebound.example:{web.Address.Port}/", limit);

        Assert.That(first.Attempt.Error, Is.Null);
        Assert.That(second.Attempt.Error, Does.Contain("'rebound.example' is in a private network"));
        Assert.That((resolutions, web.Requests), Is.EqualTo((2, 1)));
    }

    private static CallbackClient Client(CallbackOptions options, GuardedConnector? connector = null)
    {
        var time = TimeProvider.System;
        var clock = new LedgerClock(null!, time);
        clock.Correct(Now, time.GetTimestamp());
        return new CallbackClient(Options.Create(options), clock, time, connector);
    }

    private static Task<CallbackAnswer> SendAsync(CallbackClient client, string url, CancellationToken limit) =>
        client.SendAsync(new Uri(url), "msg_1", Body, [Secret], limit);
}
