using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Progress;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Events;

/// <summary>One task's stream, without a broker: everything comes from the ledger.</summary>
public sealed class TaskStreamTests : ProducerTest
{
    private ProgressStage Progress => field ??= new ProgressStage(
        Producer.Get<Messaging.Infrastructure.Store.Connections.LedgerConnections>(), Producer.Get<TaskChanges>());

    [Test]
    public async Task A_stream_tells_a_tasks_life_and_ends_with_it(CancellationToken cancellationToken)
    {
        var task = await Producer.SubmitAsync();
        using var stream = await Producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        var queued = await stream.NextAsync(cancellationToken);
        var claim = await Producer.ClaimAsync(task.Id);
        var running = await stream.NextAsync(cancellationToken);
        await ReportAsync(task.Id, claim, 1, 2);
        var reports = await stream.TakeAsync(2, cancellationToken);
        await EndAsync(task.Id, claim, "{\"message\":\n\"a\u2028b\",\r\n \"attempt\":1}");
        var rest = await stream.RestAsync(cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That((queued!.Name, running!.Name), Is.EqualTo(("task.queued", "task.running")));
            Assert.That(reports.Select(e => e.Name), Is.EqualTo(["task.progress", "task.progress"]));
            Assert.That(reports.Select(e => (double)e.Json["progress"]!["percent"]!), Is.EqualTo([1, 2]));
            Assert.That(rest.Select(e => e.Name), Is.EqualTo(["task.succeeded"]));
            Assert.That(rest[0].Json["result"]!.ToJsonString(), Is.EqualTo("""{"message":"a\u2028b","attempt":1}"""));
            Assert.That(rest[0].Json["input"], Is.Null, "what the client sent it knows");
            Assert.That((string?)running!.Json["state"], Is.EqualTo("running"));
            Assert.That((int?)running.Json["attempt"], Is.EqualTo(1));
            Assert.That((string?)running.Json["links"]!["events"], Is.EqualTo($"/v1/tasks/{task.Id}/events"));
            Assert.That(stream.Retry, Is.InRange(1_000, 2_000));
        });
    }

    [Test]
    public async Task Whoever_comes_back_gets_what_he_has_missed_and_204_after_the_end(CancellationToken cancellationToken)
    {
        var task = await Producer.SubmitAsync();
        var claim = await Producer.ClaimAsync(task.Id);
        await ReportAsync(task.Id, claim, 1, 2, 3);
        using var first = await Producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        var seen = await first.TakeAsync(4, cancellationToken);
        first.Dispose();

        using var second = await Producer.OpenTaskAsync(task.Id, seen[3].Id, cancellationToken);
        Assert.That((await second.NextAsync(cancellationToken))!.Json["progress"]!["percent"]!.GetValue<double>(), Is.EqualTo(3));
        await EndAsync(task.Id, claim);
        var end = await second.NextAsync(cancellationToken);
        Assert.That(end!.Name, Is.EqualTo("task.succeeded"));
        Assert.That(await second.NextAsync(cancellationToken), Is.Null);

        using var third = await Producer.AskAsync($"/v1/tasks/{task.Id}/events", end.Id, cancellationToken);
        Assert.That(third.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        using var anew = await Producer.OpenAsync($"/v1/tasks/{task.Id}/events?lastEventId={seen[3].Id}", cancellationToken: cancellationToken);
        Assert.That((await anew.RestAsync(cancellationToken)).Select(e => e.Name), Is.EqualTo(["task.progress", "task.succeeded"]));
    }

    [Test]
    public async Task Two_producers_give_the_same_events_the_same_ids(CancellationToken cancellationToken)
    {
        await using var other = await StartOnAsync(Producer.App.Configuration["Messaging:Postgres"]!, null);
        var task = await Producer.SubmitAsync();
        using var live = await Producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        var events = new List<string> { (await live.NextAsync(cancellationToken))!.Id };
        var claim = await Producer.ClaimAsync(task.Id);
        events.Add((await live.NextAsync(cancellationToken))!.Id);
        await Producer.FinishAsync(new RetryLater(task.Id, claim.Fence, 1, TimeSpan.FromMilliseconds(100), new TaskFailure("x", "x", true)));
        events.Add((await live.NextAsync(cancellationToken))!.Id);
        var queued = await live.NextAsync(cancellationToken);
        Assert.That(queued!.Name, Is.EqualTo("task.queued"), "by the promoter");
        claim = await Producer.ClaimAsync(task.Id);
        events.Add((await live.NextAsync(cancellationToken))!.Id);
        await ReportAsync(task.Id, claim, 50);
        events.Add((await live.NextAsync(cancellationToken))!.Id);
        await EndAsync(task.Id, claim);
        events.Add((await live.NextAsync(cancellationToken))!.Id);

        using var afterwards = await other.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        var told = await afterwards.RestAsync(cancellationToken);
        Assert.That(told.Select(e => e.Id), Is.EqualTo(events), "the stay in the queue before the second run left no trace");
        using var fromQueued = await other.OpenTaskAsync(task.Id, queued.Id, cancellationToken);
        Assert.That((await fromQueued.RestAsync(cancellationToken)).Select(e => e.Id), Is.EqualTo(events[3..]));
    }

    [Test]
    public async Task A_hand_back_is_told_although_it_leaves_no_trace(CancellationToken cancellationToken)
    {
        var task = await Producer.SubmitAsync();
        var claim = await Producer.ClaimAsync(task.Id);
        using var stream = await Producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        await stream.TakeAsync(2, cancellationToken);

        await Producer.FinishAsync(new HandedBack(task.Id, claim.Fence, 1, TimeSpan.Zero));

        Assert.That((await stream.NextAsync(cancellationToken))!.Name, Is.EqualTo("task.queued"));
        await Producer.EndAsync(task.Id);
        var rest = await stream.RestAsync(cancellationToken);
        Assert.That(rest[^1].Name, Is.EqualTo("task.succeeded"));
    }

    [Test]
    public async Task A_person_retries_a_failed_task_and_its_stream_goes_on_from_the_failure(CancellationToken cancellationToken)
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id, TaskState.Failed, null, new TaskFailure("refused", "No.", false));
        using var first = await Producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        var failed = (await first.RestAsync(cancellationToken))[^1];
        Assert.That(failed.Name, Is.EqualTo("task.failed"));
        Assert.That((string?)failed.Json["failure"]!["code"], Is.EqualTo("refused"));

        using (var retried = await Producer.Client.PostAsync(new Uri($"/v1/tasks/{task.Id}/retry", UriKind.Relative), null, cancellationToken))
            Assert.That(retried.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        using var second = await Producer.OpenTaskAsync(task.Id, failed.Id, cancellationToken);
        Assert.That((await second.NextAsync(cancellationToken))!.Name, Is.EqualTo("task.queued"));
        await Producer.EndAsync(task.Id);
        Assert.That((await second.RestAsync(cancellationToken)).Select(e => e.Name), Does.Contain("task.succeeded"));
        using var whole = await Producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        Assert.That(
            (await whole.RestAsync(cancellationToken)).Select(e => e.Name),
            Is.EqualTo(["task.queued", "task.running", "task.failed", "task.running", "task.succeeded"]));
    }

    [Test]
    public async Task More_reports_than_a_page_come_all_and_in_order(CancellationToken cancellationToken)
    {
        var task = await Producer.SubmitAsync();
        var claim = await Producer.ClaimAsync(task.Id);
        await ReportAsync(task.Id, claim, [.. Enumerable.Range(1, 1_000).Select(i => i / 10.0)]);
        await EndAsync(task.Id, claim);

        using var stream = await Producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        var events = await stream.RestAsync(cancellationToken);

        Assert.That(events.Select(e => e.Name).Distinct(), Is.EqualTo(["task.queued", "task.running", "task.progress", "task.succeeded"]));
        Assert.That(
            events.Where(e => e.Name == "task.progress").Select(e => (double)e.Json["progress"]!["percent"]!),
            Is.EqualTo(Enumerable.Range(1, 1_000).Select(i => i / 10.0)).Within(1e-4));
    }

    [TestCase("nonsense")]
    [TestCase("1-9")]
    [TestCase("5-3@1234")]
    public async Task An_id_that_is_none_is_refused(string id)
    {
        var task = await Producer.SubmitAsync();
        using var answer = await Producer.AskAsync($"/v1/tasks/{task.Id}/events", id);

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Header, Is.EqualTo("Last-Event-ID"));
    }

    [Test]
    public async Task What_is_no_task_has_no_stream()
    {
        using var unknown = await Producer.AskAsync($"/v1/tasks/{Guid.NewGuid()}/events");
        await ProblemAsync(unknown, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
        using var back = await Producer.AskAsync($"/v1/tasks/{Guid.NewGuid()}/events", "1-2");
        await ProblemAsync(back, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
        using var notAnId = await Producer.AskAsync("/v1/tasks/7/events");
        await ProblemAsync(notAnId, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        using var misspelt = await Producer.AskAsync($"/v1/tasks/{Guid.NewGuid()}/events?lasteventid=1-2");
        await ProblemAsync(misspelt, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }

    [Test]
    public async Task A_stream_that_is_left_is_forgotten(CancellationToken cancellationToken)
    {
        var follower = Producer.Get<Messaging.Infrastructure.Events.TaskFollower>();
        await Eventually.GetAsync(() => follower.Count, count => count == 0, cancellationToken: cancellationToken);
        var task = await Producer.SubmitAsync();
        var stream = await Producer.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        await stream.NextAsync(cancellationToken);
        Assert.That(follower.Count, Is.EqualTo(1));

        stream.Dispose();

        await Eventually.GetAsync(() => follower.Count, count => count == 0, cancellationToken: cancellationToken);
    }

    private Task ReportAsync(Guid id, Claimed claim, params double[] percents) => Progress.WriteAsync(
        [.. percents.Select((percent, i) => new ProgressReport(id, claim.ClaimedAt, i + 1, new TaskProgress(percent, null)))], CancellationToken.None);

    private Task EndAsync(Guid id, Claimed claim, string result = "{}") => Producer.FinishAsync(
        new Ended(id, claim.Fence, claim.Attempt, TaskState.Succeeded, System.Text.Encoding.UTF8.GetBytes(result), null));
}
