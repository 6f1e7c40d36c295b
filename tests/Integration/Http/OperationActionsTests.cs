using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>Operations over HTTP, executed by the producer itself.</summary>
public sealed class OperationActionsTests : ProducerTest
{
    [Test]
    public async Task A_dry_run_answers_count_and_sample_and_changes_nothing()
    {
        var ids = await FailAsync("dry", 7);
        using var answer = await Producer.PostAsync("/v1/operations", """{"action":"retry","filter":{"tag":"dry"},"dryRun":true,"ratePerSecond":5,"reason":"to see"}""");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), await answer.Content.ReadAsStringAsync());
        var dry = await ReadAsync<DryRunResponse>(answer);

        Assert.That((dry.Action, dry.Filter.Tag, dry.Total, dry.TotalIsExact), Is.EqualTo(("retry", "dry", 7L, true)));
        Assert.That(dry.Sample.Select(t => t.Id), Is.SubsetOf(ids));
        Assert.That(dry.Sample, Has.Count.EqualTo(5));
        Assert.That(await Producer.ScalarAsync("SELECT count(*) FROM messaging.operations WHERE tag = 'dry'"), Is.Zero);
        foreach (var id in ids)
            Assert.That((await Producer.FindAsync(id)).State, Is.EqualTo(TaskState.Failed));
    }

    [Test]
    public async Task An_operation_is_accepted_executed_and_shown()
    {
        var ids = await FailAsync("all", 9);
        using var answer = await Producer.PostAsync("/v1/operations", """{"action":"retry","filter":{"tag":"all","kind":"debug.echo"},"reason":"the shop is back"}""");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await answer.Content.ReadAsStringAsync());
        var accepted = await ReadAsync<OperationResponse>(answer);
        Assert.That(answer.Headers.Location?.ToString(), Is.EqualTo($"/v1/operations/{accepted.Id}"));

        var ended = await Eventually.GetAsync(_ => FindAsync(accepted.Id), o => o.State == "finished");
        Assert.That((ended.Total, ended.Matched, ended.Done, ended.Skipped, ended.Failed), Is.EqualTo((9L, 9L, 9L, 0L, 0L)));
        Assert.That((ended.Action, ended.Reason, ended.Filter), Is.EqualTo(("retry", "the shop is back", new DeadLetterFilterShape("debug.echo", Tag: "all"))));
        Assert.That((ended.StartedAt, ended.FinishedAt), Is.Not.EqualTo((default(DateTimeOffset?), default(DateTimeOffset?))));
        foreach (var id in ids)
            Assert.That((await Producer.FindAsync(id)).State, Is.EqualTo(TaskState.Queued));
        using var list = await Producer.GetAsync("/v1/operations?limit=1000");
        Assert.That((await ReadAsync<Page<OperationResponse>>(list)).Items.Select(o => o.Id), Does.Contain(accepted.Id));
    }

    [Test]
    public async Task A_stop_is_answered_when_nothing_more_happens()
    {
        await FailAsync("stopped", 20);
        using var answer = await Producer.PostAsync("/v1/operations", """{"action":"discard","filter":{"tag":"stopped"},"ratePerSecond":1}""");
        var id = (await ReadAsync<OperationResponse>(answer)).Id;
        await Eventually.GetAsync(_ => FindAsync(id), o => o.Done > 0);
        using var stop = await Producer.PostAsync($"/v1/operations/{id}/stop", "");
        var stopped = await ReadAsync<OperationResponse>(stop);
        Assert.That((stop.StatusCode, stopped.State), Is.EqualTo((HttpStatusCode.OK, "stopped")));
        Assert.That(stopped.Done, Is.LessThan(20));
        using var again = await Producer.PostAsync($"/v1/operations/{id}/stop", "");
        await ProblemAsync(again, HttpStatusCode.Conflict, ProblemTypes.OperationEnded);
        Assert.That(
            await Producer.ScalarAsync("SELECT count(*) FROM messaging.outcomes c JOIN messaging.task_tags g ON g.task_id = c.task_id AND g.tag = 'stopped' WHERE c.discarded_at IS NOT NULL"),
            Is.EqualTo(stopped.Done));
    }

    [Test]
    public async Task Pages_of_operations_join()
    {
        for (var i = 0; i < 3; i++)
            (await Producer.PostAsync("/v1/operations", """{"action":"discard","filter":{"tag":"nobody"}}""")).Dispose();
        using var first = await Producer.GetAsync("/v1/operations?limit=2");
        using var second = await Producer.GetAsync(first.Headers.GetValues("Link").Single().Split('<', '>')[1]);
        var (one, two) = (await ReadAsync<Page<OperationResponse>>(first), await ReadAsync<Page<OperationResponse>>(second));
        Assert.That(one.Items, Has.Count.EqualTo(2));
        Assert.That(one.Items.Concat(two.Items).Select(o => o.Id), Is.Unique.And.Ordered.Descending);
    }

    [TestCase("""{"filter":{}}""", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest, "#/action")]
    [TestCase("""{"action":"retry"}""", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest, "#/filter")]
    [TestCase("""{"action":"retry","filter":{"kin":"a"}}""", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest, "#/filter/kin")]
    [TestCase("""{"action":"retry","filter":[]}""", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest, "#/filter")]
    [TestCase("""{"action":5,"filter":{}}""", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest, "#/action")]
    [TestCase("""{"action":"retry","filter":{},"dryRun":"yes"}""", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest, "#/dryRun")]
    [TestCase("""{"action":"delete","filter":{}}""", HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue, "#/action")]
    [TestCase("""{"action":"retry","filter":{"fingerprint":"zz"}}""", HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue, "#/filter/fingerprint")]
    [TestCase("""{"action":"retry","filter":{"finishedBefore":"2030-01-31"}}""", HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue, "#/filter/finishedBefore")]
    [TestCase("""{"action":"retry","filter":{},"ratePerSecond":0}""", HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue, "#/ratePerSecond")]
    [TestCase("""{"action":"retry","filter":{},"ratePerSecond":1.5}""", HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue, "#/ratePerSecond")]
    [TestCase("""{"action":"retry","filter":{},"reason":""}""", HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue, "#/reason")]
    [TestCase("""{"action":"retry","filter":{}} x""", HttpStatusCode.BadRequest, ProblemTypes.MalformedJson, null)]
    public async Task A_bad_operation_is_refused(string body, HttpStatusCode status, string type, string? member)
    {
        using var answer = await Producer.PostAsync("/v1/operations", body);
        Assert.That((await ProblemAsync(answer, status, type)).Errors?.Single().Pointer, Is.EqualTo(member));
    }

    [Test]
    public async Task An_unknown_operation_is_404()
    {
        using var look = await Producer.GetAsync($"/v1/operations/{Guid.NewGuid()}");
        await ProblemAsync(look, HttpStatusCode.NotFound, ProblemTypes.UnknownOperation);
        using var stop = await Producer.PostAsync($"/v1/operations/{Guid.NewGuid()}/stop", "");
        await ProblemAsync(stop, HttpStatusCode.NotFound, ProblemTypes.UnknownOperation);
        using var noId = await Producer.GetAsync("/v1/operations/all");
        await ProblemAsync(noId, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }

    private async Task<OperationResponse> FindAsync(Guid id)
    {
        using var answer = await Producer.GetAsync($"/v1/operations/{id}");
        return await ReadAsync<OperationResponse>(answer);
    }

    private async Task<List<Guid>> FailAsync(string tag, int count)
    {
        var ids = new List<Guid>();
        for (var i = 0; i < count; i++)
        {
            ids.Add((await Producer.SubmitAsync($",\"tags\":[\"{tag}\"]")).Id);
            await Producer.EndAsync(ids[^1], TaskState.Failed, null, new TaskFailure("handler-error", "It broke.", true));
        }

        return ids;
    }
}
