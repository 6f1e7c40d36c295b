using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

public sealed class DeadlineTests : ProducerTest
{
    [Test]
    public async Task A_deadline_is_kept_and_shown()
    {
        var task = await Producer.SubmitAsync(""","deadline":"2099-05-06T07:08:09.0125+02:00" """);

        Assert.That(task.Deadline, Is.EqualTo(new DateTimeOffset(2099, 5, 6, 5, 8, 9, 12, TimeSpan.Zero)));
        Assert.That((await Producer.FindAsync(task.Id)).Deadline, Is.EqualTo(task.Deadline));
        Assert.That((await Producer.SubmitAsync()).Deadline, Is.Null);
    }

    [Test]
    public async Task A_task_that_has_not_started_by_its_deadline_expires_and_whoever_waits_is_told()
    {
        var deadline = (DateTime)(await Producer.ScalarAsync("SELECT now() + interval '700 milliseconds'"))!;
        var task = await Producer.SubmitAsync($$""","deadline":"{{deadline:yyyy-MM-ddTHH:mm:ss.fffZ}}" """);
        using var answer = await Producer.GetAsync($"/v1/tasks/{task.Id}?wait=PT30S");
        var expired = await ReadAsync<TaskResponse>(answer);
        using var attempts = await Producer.GetAsync($"/v1/tasks/{task.Id}/attempts");

        Assert.Multiple(() =>
        {
            Assert.That(expired.State, Is.EqualTo(TaskState.Expired));
            Assert.That(expired.Failure, Is.EqualTo(new TaskFailure("deadline-passed", "It could not start before its deadline.", false)));
            Assert.That(expired.FinishedAt, Is.GreaterThanOrEqualTo(expired.Deadline!.Value));
            Assert.That((expired.Attempt, expired.StartedAt), Is.EqualTo((0, (DateTimeOffset?)null)));
        });
        Assert.That((await ReadAsync<Page<AttemptResponse>>(attempts)).Items, Is.Empty);
    }

    [Test]
    public async Task A_delay_longer_than_the_deadline_is_refused_with_the_deadline()
    {
        var deadline = (DateTime)(await Producer.ScalarAsync("SELECT now() + interval '1 hour'"))!;
        using var answer = await Producer.PostAsync(
            "/v1/tasks", $$"""{"kind":"debug.echo","input":{"message":"x"},"delay":"PT2H","deadline":"{{deadline:O}}"}""");

        var problem = await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidValue);
        Assert.That(problem.Errors!.Single(), Is.EqualTo(new ProblemError("It is not after the time the task may start: it could never start.", "#/deadline")));
    }

    [Test]
    public async Task A_batch_takes_deadlines_too()
    {
        using var answer = await Producer.PostAsync("/v1/tasks/batch", """
            {"kind":"debug.echo","input":{"message":"x"},"deadline":"2099-01-01T00:00:00Z","tags":["has-deadline"]}
            {"kind":"debug.echo","input":{"message":"x"},"deadline":"2001-01-01T00:00:00Z"}
            """, "application/x-ndjson");
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var accepted = await Producer.FindAsync(await Producer.IdOfTagAsync("has-deadline"));

        Assert.That(accepted.Deadline, Is.EqualTo(new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        Assert.That(lines[1], Does.Contain("\"status\":422").And.Contain("#/deadline"));
    }
}
