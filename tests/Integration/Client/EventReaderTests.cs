using Messaging.Contracts.Client;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support.Web;
using Microsoft.AspNetCore.Http;

namespace Messaging.Tests.Integration.Client;

/// <summary>Who answers, but never with an event, is not listened to for ever.</summary>
[CancelAfter(60_000)]
public sealed class EventReaderTests
{
    private const string Running =
        """{"id":"01a1fc24-4278-79a1-af02-c94fc0685ef6","kind":"debug.echo","queue":"default","state":"running","attempt":1,"maxAttempts":5,"tags":[],"createdAt":"2026-11-21T03:26:37.176Z","links":{"self":"/"}}""";

    [TestCase("text/html", "<h1>Welcome</h1>", "text/html")]
    [TestCase("text/event-stream", "retry: 10\n\n", "before it said anything")]
    [TestCase("text/event-stream", "", "before it said anything")]
    public async Task An_answer_without_events_is_a_failed_try(string type, string body, string said, CancellationToken cancellationToken)
    {
        await using var server = await LocalWebServer.StartAsync(async http =>
        {
            http.Response.ContentType = type;
            await http.Response.WriteAsync(body);
        });
        using var client = Clients.Of(server.Address, options => options.OutageLimit = TimeSpan.FromSeconds(1));

        var away = Assert.ThrowsAsync<ProducerUnavailableException>(
            async () => await client.Attach(Guid.NewGuid()).Progress.ToListAsync(cancellationToken))!;

        Assert.That(away.Message, Does.Contain(said).And.Contain("tries"));
        Assert.That(server.Requests, Is.InRange(3, 8), "each pause is longer than the last");
    }

    [Test]
    public async Task A_stream_that_ends_behind_an_event_is_none_and_the_next_goes_on_behind_it(CancellationToken cancellationToken)
    {
        var seen = new List<string>();
        await using var server = await LocalWebServer.StartAsync(async http =>
        {
            seen.Add(http.Request.Headers["Last-Event-ID"].ToString());
            if (seen.Count > 20)
            {
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            http.Response.ContentType = "text/event-stream; charset=utf-8";
            await http.Response.WriteAsync($"retry: 10\n\nid: {seen.Count}\nevent: task.running\ndata: {Running}\n\n");
        });
        using var client = Clients.Of(server.Address, options => options.OutageLimit = TimeSpan.Zero);

        var events = await client.Attach(Guid.NewGuid()).Events.ToListAsync(cancellationToken);

        Assert.That(events, Has.Count.EqualTo(20));
        Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 21).Select(n => n == 0 ? "" : $"{n}")));
    }

    [Test]
    public async Task When_one_answers_without_events_the_next_is_asked(CancellationToken cancellationToken)
    {
        await using var stranger = await LocalWebServer.StartAsync(http => http.Response.WriteAsync("hello"));
        await using var server = await LocalWebServer.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync($"id: 1\nevent: task.succeeded\ndata: {Running.Replace("running", "succeeded", StringComparison.Ordinal)}\n\n");
        });
        using var client = Clients.Of(stranger.Address, options => options.OtherAddresses.Add(server.Address));

        var events = await client.Attach(Guid.NewGuid()).Events.ToListAsync(cancellationToken);

        Assert.That(events.Select(e => e.Task.State), Is.EqualTo(new[] { TaskState.Succeeded }));
        Assert.That((stranger.Requests, server.Requests), Is.EqualTo((1, 1)));
    }
}
