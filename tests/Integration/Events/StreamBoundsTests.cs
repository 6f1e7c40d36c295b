using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Events;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Progress;
using Messaging.Producer.Http;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Servers;
using Messaging.Tests.Support.Web;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Events;

/// <summary>How many, how quiet, how slow, and what happens when the process or the ledger goes.</summary>
[CancelAfter(90_000)]
public sealed class StreamBoundsTests
{
    private static readonly string[] TellsAll = ["task.running", "task.succeeded"];
    private static readonly string[] TellsEnd = ["task.succeeded"];

    [Test]
    public async Task More_streams_than_allowed_are_told_to_come_back_and_find_room_when_one_has_left(CancellationToken cancellationToken)
    {
        await using var producer = await StartAsync("--Messaging:Events:MaxStreams=3", "--Messaging:Events:MaxWideStreams=1");
        var task = await producer.SubmitAsync();
        using var wide = await producer.OpenAsync("/v1/events", cancellationToken: cancellationToken);
        using (var secondWide = await producer.AskAsync("/v1/events?tag=a", cancellationToken: cancellationToken))
            await FullAsync(secondWide);
        using var one = await producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        var two = await producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        using (var three = await producer.AskAsync($"/v1/tasks/{task.Id}/events", cancellationToken: cancellationToken))
            await FullAsync(three);

        two.Dispose();

        await Eventually.TrueAsync(
            async token =>
            {
                using var answer = await producer.AskAsync($"/v1/tasks/{task.Id}/events", cancellationToken: token);
                return answer.StatusCode == HttpStatusCode.OK;
            },
            cancellationToken: cancellationToken);
    }

    [Test]
    public async Task A_quiet_stream_is_kept_alive_by_comments(CancellationToken cancellationToken)
    {
        await using var producer = await StartAsync("--Messaging:Events:Heartbeat=00:00:00.1");
        var task = await producer.SubmitAsync();
        using var stream = await producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        using var wide = await producer.OpenAsync("/v1/events?tag=nobody-has-it", cancellationToken: cancellationToken);
        await stream.NextAsync(cancellationToken);
        var next = stream.NextAsync(cancellationToken);
        var never = wide.NextAsync(cancellationToken);

        await Eventually.TrueAsync(() => stream.Comments.Count >= 3 && wide.LastEventId.Length > 0, cancellationToken: cancellationToken);
        await producer.ClaimAsync(task.Id);

        Assert.That((await next)!.Name, Is.EqualTo("task.running"));
        Assert.That(stream.Comments, Is.All.EqualTo("ping"));
        Assert.That(never.IsCompleted, Is.False, "an id alone is no event");
        Assert.That(WideCursor.TryParse(wide.LastEventId, out _), Is.True, wide.LastEventId);
    }

    [Test]
    public async Task Whoever_does_not_read_a_tasks_stream_is_cut_off_and_the_others_get_everything(CancellationToken cancellationToken)
    {
        const int reports = 8_000; // of more than a kilobyte each: all buffers on the way take less
        await using var producer = await StartAsync("--Messaging:Events:SlowestWrite=00:00:02");
        var task = await producer.SubmitAsync();
        var claim = await producer.ClaimAsync(task.Id);
        using var stuck = await StuckReader.OpenAsync(new Uri(producer.Address, $"/v1/tasks/{task.Id}/events"), cancellationToken);
        using var reading = await producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        var streams = producer.Get<OpenStreams>();
        await Eventually.GetAsync(() => streams.Count, count => count == 2, cancellationToken: cancellationToken);

        var all = reading.RestAsync(cancellationToken);
        await new ProgressStage(producer.Get<LedgerConnections>(), producer.Get<TaskChanges>()).WriteAsync(
            [.. Enumerable.Range(1, reports).Select(n => new ProgressReport(task.Id, claim.ClaimedAt, n, new TaskProgress(100.0 * n / reports, new string('x', 1_000))))],
            cancellationToken);
        await Eventually.GetAsync(() => streams.Count, count => count == 1, TimeSpan.FromSeconds(30), cancellationToken);
        await producer.FinishAsync(new Ended(task.Id, claim.Fence, claim.Attempt, TaskState.Succeeded, "{}"u8.ToArray(), null));

        Assert.That(await stuck.ReadToEndAsync(cancellationToken), Is.InRange(1, reports * 1_000), "in the middle");
        var names = (await all).Select(e => e.Name).ToArray();
        Assert.That(names.Count(name => name == "task.progress"), Is.EqualTo(reports));
        Assert.That(names.Where(name => name != "task.progress"), Is.EqualTo(["task.queued", "task.running", "task.succeeded"]));
    }

    [Test]
    public async Task A_process_that_stops_ends_its_streams_in_good_order(CancellationToken cancellationToken)
    {
        await using var producer = await StartAsync();
        var task = await producer.SubmitAsync();
        using var stream = await producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        using var wide = await producer.OpenAsync("/v1/events", cancellationToken: cancellationToken);
        await stream.NextAsync(cancellationToken);

        var stopped = producer.App.StopAsync(cancellationToken);

        Assert.That(await stream.NextAsync(cancellationToken), Is.Null);
        Assert.That(await wide.NextAsync(cancellationToken), Is.Null);
        Assert.That(stream.Comments, Is.EqualTo(["this producer stops, reconnect to another"]));
        Assert.That(wide.Comments, Is.EqualTo(stream.Comments));
        await stopped;
    }

    [Test]
    public async Task While_the_ledger_is_away_streams_stay_open_and_go_on_afterwards(CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresServer();
        await postgres.StartAsync(cancellationToken);
        await using var producer = await StartOnAsync(postgres.ConnectionString, null);
        var task = await producer.SubmitAsync();
        using var stream = await producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        var queued = await stream.NextAsync(cancellationToken);
        using var wide = await producer.OpenAsync("/v1/events", cancellationToken: cancellationToken);

        await postgres.StopAsync(StopMode.Graceful, cancellationToken);
        using (var anew = await producer.AskAsync($"/v1/tasks/{task.Id}/events", cancellationToken: cancellationToken))
            await ProblemAsync(anew, HttpStatusCode.ServiceUnavailable, ProblemTypes.LedgerUnavailable);
        using var back = await producer.OpenTaskAsync(task.Id, queued!.Id, cancellationToken);
        await postgres.StartAsync(cancellationToken);
        await Eventually.TrueAsync(async _ => { await producer.EndAsync(task.Id); return true; }, TimeSpan.FromSeconds(30), cancellationToken);

        Assert.That((await stream.RestAsync(cancellationToken)).Select(e => e.Name), Is.EqualTo(TellsAll).Or.EqualTo(TellsEnd));
        Assert.That((await back.RestAsync(cancellationToken))[^1].Name, Is.EqualTo("task.succeeded"));
        Assert.That((await wide.NextAsync(cancellationToken))!.Name, Does.StartWith("task."));
    }

    [Test]
    public async Task Whoever_comes_back_to_a_producer_that_just_starts_waits_until_it_is_ready(CancellationToken cancellationToken)
    {
        await using var postgres = new PostgresServer();
        await postgres.StartAsync(cancellationToken);
        await postgres.StopAsync(StopMode.Graceful, cancellationToken);
        await using var app = global::Messaging.Producer.Program.Build(
            ["--urls=http://127.0.0.1:0", $"--Messaging:Postgres={postgres.ConnectionString}", "--Messaging:RabbitMq=amqp://nobody:nothing@127.0.0.1:1/"]);
        await app.StartAsync(cancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        client.DefaultRequestHeaders.Add("Last-Event-ID", "1-2");
        var back = client.GetAsync(new Uri($"/v1/tasks/{Guid.NewGuid()}/events", UriKind.Relative), cancellationToken);
        client.DefaultRequestHeaders.Clear();
        using (var anybody = await client.GetAsync(new Uri("/v1/tasks", UriKind.Relative), cancellationToken))
            Assert.That(anybody.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));

        await postgres.StartAsync(cancellationToken);

        using var answer = await back;
        await ProblemAsync(answer, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
        await app.StopAsync(cancellationToken);
    }

    [Test]
    public async Task A_wide_reader_that_is_overtaken_ends_and_comes_back_without_a_loss(CancellationToken cancellationToken)
    {
        await using var producer = await StartAsync("--Messaging:Events:WideBuffer=100");
        using var stream = await producer.OpenAsync("/v1/events?queue=slow", cancellationToken: cancellationToken);
        var feed = producer.Get<EventFeed>();
        await Eventually.GetAsync(() => feed.Count, count => count == 1, cancellationToken: cancellationToken);
        using var asleep = feed.Join(new WideFilter(Queue: "slow"), null);

        var ids = new List<Guid>();
        for (var i = 0; i < 300; i++)
            ids.Add((await producer.SubmitAsync(""","queue":"slow" """)).Id);
        await Eventually.GetAsync(() => feed.Ring.Next, next => next >= 300, cancellationToken: cancellationToken);
        var news = await asleep.NextAsync(cancellationToken);
        Assert.That(news.IsTooSlow, Is.True);

        using var back = feed.Join(new WideFilter(Queue: "slow"), news.Cursor with { UpTo = news.Cursor.UpTo - TimeSpan.FromSeconds(60) });
        var seen = new HashSet<Guid>();
        while (seen.Count < 300)
            seen.UnionWith((await back.NextAsync(cancellationToken)).Events.Select(e => e.Event.Task.Id));
        Assert.That(seen, Is.EquivalentTo(ids));
    }

    private static async Task FullAsync(HttpResponseMessage answer)
    {
        var problem = await ProblemAsync(answer, HttpStatusCode.ServiceUnavailable, ProblemTypes.TooManyStreams);
        Assert.That(answer.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(problem.RetryAfter!.Value)));
    }
}
