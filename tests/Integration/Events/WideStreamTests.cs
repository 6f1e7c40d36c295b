using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Events;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support.Web;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Events;

/// <summary>Streams of many tasks, without a broker: what is not said in this process is swept from the ledger.</summary>
public sealed class WideStreamTests : ProducerTest
{
    [Test]
    public async Task A_tags_stream_has_everything_of_its_tasks_and_nothing_of_others(CancellationToken cancellationToken)
    {
        using var stream = await Producer.OpenAsync("/v1/events?tag=of-tag", cancellationToken: cancellationToken);
        var one = await Producer.SubmitAsync(""","tags":["of-tag","more"]""");
        await Producer.SubmitAsync(""","tags":["other"]""");
        var two = await Producer.SubmitAsync(""","tags":["of-tag"]""");
        await Producer.EndAsync(one.Id);
        await Producer.EndAsync(two.Id, TaskState.Failed, null, new TaskFailure("refused", "No.", false));

        var events = await UntilEndedAsync(stream, [one.Id, two.Id], cancellationToken);

        Assert.That(Names(events, one.Id), Is.EqualTo(["task.queued", "task.running", "task.succeeded"]));
        Assert.That(Names(events, two.Id), Is.EqualTo(["task.queued", "task.running", "task.failed"]));
        Assert.That(events.Select(IdOf).Distinct(), Is.EquivalentTo([one.Id, two.Id]));
        Assert.That(events, Has.All.Matches<ReceivedEvent>(e => e.Json["result"] is null && WideCursor.TryParse(e.Id, out _)));
    }

    [Test]
    public async Task Kind_and_queue_narrow_too_and_together(CancellationToken cancellationToken)
    {
        using var byKind = await Producer.OpenAsync("/v1/events?kind=http.fetch", cancellationToken: cancellationToken);
        using var byBoth = await Producer.OpenAsync("/v1/events?kind=debug.echo&queue=narrow", cancellationToken: cancellationToken);
        using var everything = await Producer.OpenAsync("/v1/events", cancellationToken: cancellationToken);
        var fetch = await Producer.SubmitAsync(""","queue":"narrow" """, """{"urls":["http://127.0.0.1/"]}""", "http.fetch");
        var echo = await Producer.SubmitAsync(""","queue":"narrow" """);
        var elsewhere = await Producer.SubmitAsync();
        foreach (var id in new[] { fetch.Id, echo.Id, elsewhere.Id })
            await Producer.EndAsync(id);

        Assert.That((await UntilEndedAsync(byKind, [fetch.Id], cancellationToken)).Select(IdOf).Distinct(), Is.EqualTo([fetch.Id]));
        Assert.That((await UntilEndedAsync(byBoth, [echo.Id], cancellationToken)).Select(IdOf).Distinct(), Is.EqualTo([echo.Id]));
        var all = await UntilEndedAsync(everything, [fetch.Id, echo.Id, elsewhere.Id], cancellationToken);
        Assert.That(new[] { fetch.Id, echo.Id, elsewhere.Id }, Is.All.Matches<Guid>(id => Names(all, id).SequenceEqual(["task.queued", "task.running", "task.succeeded"])));
    }

    [Test]
    public async Task Whoever_comes_back_gets_what_happened_while_he_was_away(CancellationToken cancellationToken)
    {
        var before = await Producer.SubmitAsync(""","tags":["back"]""");
        using var first = await Producer.OpenAsync("/v1/events?tag=back", cancellationToken: cancellationToken);
        var retried = await Producer.SubmitAsync(""","tags":["back"]""");
        var last = (await first.TakeAsync(1, cancellationToken))[0];
        Assert.That(IdOf(last), Is.EqualTo(retried.Id), "what happened before it opened is not told");
        first.Dispose();

        var claim = await Producer.ClaimAsync(retried.Id);
        await Producer.FinishAsync(new RetryLater(retried.Id, claim.Fence, 1, TimeSpan.FromMilliseconds(50), new TaskFailure("x", "x", true)));
        await Producer.EndAsync(before.Id);
        var meanwhile = await Producer.SubmitAsync(""","tags":["back"]""");
        await Producer.EndAsync(meanwhile.Id);
        await using var other = await StartOnAsync(Producer.App.Configuration["Messaging:Postgres"]!, null);
        using var second = await other.OpenAsync("/v1/events?tag=back", last.Id, cancellationToken);
        var events = (await UntilEndedAsync(second, [before.Id, meanwhile.Id], cancellationToken)).ToList();
        while (!Names(events, retried.Id).Contains("task.scheduled"))
            events.AddRange(await second.TakeAsync(1, cancellationToken));

        Assert.That(Names(events, meanwhile.Id), Is.EqualTo(["task.queued", "task.running", "task.succeeded"]));
        Assert.That(Names(events, before.Id)[^1], Is.EqualTo("task.succeeded"));
        Assert.That(Names(events, retried.Id), Does.Contain("task.running").And.Contain("task.scheduled"));
    }

    [Test]
    public async Task What_nobody_says_is_found_in_the_ledger(CancellationToken cancellationToken)
    {
        // Another process's work, and no broker to hear of it.
        await using var other = await StartOnAsync(Producer.App.Configuration["Messaging:Postgres"]!, null);
        using var stream = await Producer.OpenAsync("/v1/events?tag=unsaid", cancellationToken: cancellationToken);
        var task = await other.SubmitAsync(""","tags":["unsaid"]""");
        await other.ClaimAsync(task.Id);
        Assert.That((await stream.TakeAsync(2, cancellationToken)).Select(e => e.Name), Is.EqualTo(["task.queued", "task.running"]));
        using var cancelled = await other.Client.PostAsync(new Uri($"/v1/tasks/{task.Id}/cancel", UriKind.Relative), null, cancellationToken);
        var second = await other.SubmitAsync(""","tags":["unsaid"]""");
        await other.EndAsync(second.Id);

        Assert.That(Names(await UntilEndedAsync(stream, [second.Id], cancellationToken), second.Id)[^1], Is.EqualTo("task.succeeded"));
    }

    [Test]
    public async Task An_absence_too_long_to_catch_up_is_said(CancellationToken cancellationToken)
    {
        await using var producer = await StartOnAsync(Producer.App.Configuration["Messaging:Postgres"]!, null, "--Messaging:Events:LongestCatchUp=00:00:30");
        using var stream = await producer.OpenAsync("/v1/events?tag=gap", "@1000", cancellationToken);

        var gap = await stream.NextAsync(cancellationToken);

        Assert.That(gap!.Name, Is.EqualTo("stream.gap"));
        Assert.That((DateTimeOffset)gap.Json["until"]!, Is.GreaterThan(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero)));
    }

    [TestCase("/v1/events?tga=x", null)]
    [TestCase("/v1/events?kind=No%20Kind", null)]
    [TestCase("/v1/events", "nonsense")]
    [TestCase("/v1/events", "5-3")]
    public async Task What_can_not_be_meant_is_refused(string path, string? lastEventId)
    {
        using var answer = await Producer.AskAsync(path, lastEventId);
        await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }

    private static Guid IdOf(ReceivedEvent e) => e.Json["id"]!.GetValue<Guid>();

    private static string[] Names(IEnumerable<ReceivedEvent> events, Guid id) => [.. events.Where(e => IdOf(e) == id).Select(e => e.Name)];

    /// <summary>Reads until each of the tasks has ended.</summary>
    private static async Task<IReadOnlyList<ReceivedEvent>> UntilEndedAsync(EventStreamReader stream, Guid[] ids, CancellationToken cancellationToken)
    {
        var events = new List<ReceivedEvent>();
        var open = ids.ToHashSet();
        while (open.Count > 0)
        {
            var next = (await stream.NextAsync(cancellationToken))!;
            events.Add(next);
            if (next.Name is "task.succeeded" or "task.failed" or "task.cancelled" or "task.expired")
                open.Remove(IdOf(next));
        }

        return events;
    }
}
