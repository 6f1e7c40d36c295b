using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Finish;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>Dead letters over HTTP: look, group, retry, edit, discard.</summary>
public sealed class DeadLetterActionsTests : ProducerTest
{
    private static readonly TaskFailure Broken = new("handler-error", "It broke.", Retryable: true);

    [Test]
    public async Task Dead_letters_are_listed_with_filters_and_pages()
    {
        for (var i = 0; i < 3; i++)
            await FailAsync("""{"message":"x"}""", ",\"tags\":[\"listed\"]");
        using var first = await Producer.GetAsync("/v1/dead-letters?tag=listed&kind=debug.echo&queue=default&limit=2&finishedAfter=2020-01-01T00:00:00Z&finishedBefore=2100-01-01T00:00:00%2B02:00");
        var page = await ReadAsync<Page<TaskResponse>>(first);
        using var second = await Producer.GetAsync(first.Headers.GetValues("Link").Single().Split('<', '>')[1]);
        var rest = await ReadAsync<Page<TaskResponse>>(second);

        Assert.That(page.Items.Concat(rest.Items).Select(t => t.Id), Is.Unique);
        Assert.That((page.Items.Count, rest.Items.Count), Is.EqualTo((2, 1)));
        Assert.That(page.Items, Has.All.Matches<TaskResponse>(t => t is { State: TaskState.Failed, Input: null, Failure.Message: "It broke.", Fingerprint.Length: 16 }));
        Assert.That(page.Items.Select(t => t.FinishedAt), Is.Ordered.Descending);
        Assert.That((rest.Next, rest.SearchedUntil), Is.EqualTo((default(string), default(DateTimeOffset?))));
    }

    [Test]
    public async Task Groups_show_cause_count_and_samples()
    {
        var one = await FailAsync(failure: Broken with { Message = "Grouped 1" }, fingerprint: "00000000000000aa");
        var two = await FailAsync(failure: Broken with { Message = "Grouped 2" }, fingerprint: "00000000000000aa");
        using var answer = await Producer.GetAsync("/v1/dead-letters/groups?fingerprint=00000000000000aa");
        var groups = await ReadAsync<DeadLetterGroupsResponse>(answer);

        var group = groups.Items.Single();
        Assert.Multiple(() =>
        {
            Assert.That((group.Fingerprint, group.Count, group.Kind, group.Code, group.Message), Is.EqualTo(("00000000000000aa", 2L, "debug.echo", "handler-error", "Grouped 2")));
            Assert.That(group.SampleIds, Is.EqualTo(new[] { two, one }));
            Assert.That(group.LastSeen, Is.GreaterThanOrEqualTo(group.FirstSeen));
            Assert.That((groups.Groups, groups.SearchedUntil), Is.EqualTo((1, default(DateTimeOffset?))));
        });
    }

    [Test]
    public async Task A_retry_answers_202_with_the_task_and_a_second_one_409()
    {
        var id = await FailAsync();
        using var answer = await Producer.PostAsync($"/v1/tasks/{id}/retry", "", "text/plain");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await answer.Content.ReadAsStringAsync());
        var task = await ReadAsync<TaskResponse>(answer);
        using var again = await Producer.PostAsync($"/v1/tasks/{id}/retry", "{}");
        var problem = await ProblemAsync(again, HttpStatusCode.Conflict, ProblemTypes.TaskNotFailed);

        Assert.That((task.State, task.Attempt, task.Failure, task.Fingerprint, task.FinishedAt), Is.EqualTo((TaskState.Queued, 0, default(TaskFailure), default(string), default(DateTimeOffset?))));
        Assert.That(problem.State, Is.EqualTo(TaskState.Queued));
        await Producer.EndAsync(id);
        Assert.That((await Producer.FindAsync(id)).State, Is.EqualTo(TaskState.Succeeded));
        using var attempts = await Producer.GetAsync($"/v1/tasks/{id}/attempts");
        Assert.That(
            (await ReadAsync<Page<AttemptResponse>>(attempts)).Items.Select(a => (a.Attempt, a.Outcome, a.Failure?.Message)),
            Is.EqualTo(new[] { (1, "failed", "It broke."), (1, "succeeded", null) }));
    }

    [Test]
    public async Task An_edited_input_is_taken_byte_by_byte()
    {
        var id = await FailAsync();
        using var answer = await Producer.PostAsync($"/v1/tasks/{id}/retry", """{"input": { "message":"\u00e4" } }""");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That((await ReadAsync<TaskResponse>(answer)).Input.ToString(), Is.EqualTo("""{ "message":"\u00e4" }"""));
        Assert.That((await Producer.ClaimAsync(id)).Revision, Is.EqualTo(1));
    }

    [TestCase("""{"input":{"message":5}}""", HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidInput, "#/input/message")]
    [TestCase("""{"inptu":{}}""", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest, "#/inptu")]
    [TestCase("""{"input":{"message":"a"},"input":{"message":"b"}}""", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest, "#/input")]
    [TestCase("[]", HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest, "#")]
    [TestCase("{", HttpStatusCode.BadRequest, ProblemTypes.MalformedJson, null)]
    public async Task A_bad_edit_is_refused_and_changes_nothing(string body, HttpStatusCode status, string type, string? member)
    {
        var id = await FailAsync();
        using var answer = await Producer.PostAsync($"/v1/tasks/{id}/retry", body);
        var problem = await ProblemAsync(answer, status, type);

        Assert.That(problem.Errors?[0].Pointer, Is.EqualTo(member));
        Assert.That((await Producer.FindAsync(id)).State, Is.EqualTo(TaskState.Failed));
    }

    [Test]
    public async Task An_edit_too_large_or_of_another_type_is_refused()
    {
        var id = await FailAsync();
        using var large = await Producer.PostAsync($"/v1/tasks/{id}/retry", "{\"input\":{\"message\":\"" + new string('x', SubmitTaskRequest.MaxInputBytes) + "\"}}");
        await ProblemAsync(large, HttpStatusCode.RequestEntityTooLarge, ProblemTypes.TooLarge);
        using var text = await Producer.PostAsync($"/v1/tasks/{id}/retry", "{}", "text/plain");
        await ProblemAsync(text, HttpStatusCode.UnsupportedMediaType, ProblemTypes.UnsupportedMediaType);
    }

    [Test]
    public async Task A_discarded_dead_letter_is_off_the_list_and_says_so_itself()
    {
        var id = await FailAsync(more: ",\"tags\":[\"discarded\"]");
        using var answer = await Producer.PostAsync($"/v1/dead-letters/{id}/discard", "");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await ReadAsync<TaskResponse>(answer)).DiscardedAt, Is.Not.Null);
        using var list = await Producer.GetAsync("/v1/dead-letters?tag=discarded");
        Assert.That((await ReadAsync<Page<TaskResponse>>(list)).Items, Is.Empty);
        Assert.That((await Producer.FindAsync(id)).State, Is.EqualTo(TaskState.Failed));
        using var retry = await Producer.PostAsync($"/v1/tasks/{id}/retry", "");
        Assert.That(retry.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), "a person may change their mind");
    }

    [Test]
    public async Task What_is_not_failed_or_not_there_is_refused()
    {
        var open = (await Producer.SubmitAsync()).Id;
        foreach (var path in new[] { "/v1/tasks/{0}/retry", "/v1/dead-letters/{0}/discard" })
        {
            using var queued = await Producer.PostAsync(path.Replace("{0}", open.ToString(), StringComparison.Ordinal), "");
            Assert.That((await ProblemAsync(queued, HttpStatusCode.Conflict, ProblemTypes.TaskNotFailed)).State, Is.EqualTo(TaskState.Queued));
            using var unknown = await Producer.PostAsync(path.Replace("{0}", Guid.NewGuid().ToString(), StringComparison.Ordinal), "");
            await ProblemAsync(unknown, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
            using var noId = await Producer.PostAsync(path.Replace("{0}", "7", StringComparison.Ordinal), "");
            await ProblemAsync(noId, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        }

        using var edit = await Producer.PostAsync($"/v1/tasks/{Guid.NewGuid()}/retry", """{"input":{"message":"a"}}""");
        await ProblemAsync(edit, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
    }

    [TestCase("/v1/dead-letters?state=failed", "state")]
    [TestCase("/v1/dead-letters?fingerprint=xyz", "fingerprint")]
    [TestCase("/v1/dead-letters?finishedAfter=yesterday", "finishedAfter")]
    [TestCase("/v1/dead-letters?finishedBefore=2030-01-31T08:00:00", "finishedBefore")]
    [TestCase("/v1/dead-letters?after=1", "after")]
    [TestCase("/v1/dead-letters?limit=1001", "limit")]
    [TestCase("/v1/dead-letters/groups?after=1", "after")]
    [TestCase("/v1/dead-letters/groups?kind=No", "kind")]
    public async Task A_bad_parameter_is_named(string path, string parameter)
    {
        using var answer = await Producer.GetAsync(path);
        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.That(problem.Errors!.Single().Parameter, Is.EqualTo(parameter));
    }

    private async Task<Guid> FailAsync(string input = """{"message":"hello"}""", string more = "", TaskFailure? failure = null, string? fingerprint = null)
    {
        var task = await Producer.SubmitAsync(more, input);
        var claimed = await Producer.ClaimAsync(task.Id);
        await Producer.FinishAsync(new Ended(task.Id, claimed.Fence, claimed.Attempt, TaskState.Failed, null, failure ?? Broken) { Fingerprint = fingerprint });
        return task.Id;
    }
}
