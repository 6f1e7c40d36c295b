using System.Diagnostics;
using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Read;
using Messaging.Tests.Support;
using static Messaging.Tests.Integration.Http.ProducerHarness;

namespace Messaging.Tests.Integration.Http;

/// <summary>What can be asked of one task, in each part of its life.</summary>
public sealed class TaskActionsTests : ProducerTest
{
    private static readonly TaskFailure Broken = new("handler-error", "It broke.", Retryable: true);

    [Test]
    public async Task A_task_is_shown_through_its_life()
    {
        var task = await Producer.SubmitAsync();
        var first = await Producer.ClaimAsync(task.Id);
        var running = await Producer.FindAsync(task.Id);
        await Producer.FinishAsync(new RetryLater(task.Id, first.Fence, first.Attempt, TimeSpan.FromHours(1), Broken));
        var waiting = await Producer.FindAsync(task.Id);
        await Producer.ScalarAsync($"UPDATE messaging.open_tasks SET state = 2, due_at = NULL WHERE id = '{task.Id}'");
        await Producer.EndAsync(task.Id, result: """{"message": "hello"}""");
        var ended = await Producer.FindAsync(task.Id);

        Assert.Multiple(() =>
        {
            Assert.That((running.State, running.Attempt), Is.EqualTo((TaskState.Running, 1)));
            Assert.That(running.StartedAt, Is.Not.Null);
            Assert.That((waiting.State, waiting.Attempt), Is.EqualTo((TaskState.Scheduled, 1)));
            Assert.That(waiting.RunAt - waiting.CreatedAt, Is.GreaterThan(TimeSpan.FromMinutes(59)));
            Assert.That((ended.State, ended.Attempt), Is.EqualTo((TaskState.Succeeded, 2)));
            Assert.That(ended.Result.ToString(), Is.EqualTo("""{"message": "hello"}"""));
            Assert.That(ended.FinishedAt, Is.GreaterThanOrEqualTo(ended.StartedAt!.Value));
            Assert.That(ended.RunAt, Is.Null);
        });
    }

    [Test]
    public async Task Progress_is_shown_while_the_attempt_that_reported_it_runs()
    {
        var task = await Producer.SubmitAsync();
        await Producer.ScalarAsync($"INSERT INTO messaging.task_events (task_id, seq, at, percent, message) VALUES ('{task.Id}', 1, now() - interval '1 hour', 90, 'of old')");
        await Producer.ClaimAsync(task.Id);
        var silent = await Producer.FindAsync(task.Id);
        await Producer.ScalarAsync($"INSERT INTO messaging.task_events (task_id, seq, at, percent, message) VALUES ('{task.Id}', 2, now(), 25, 'page 1'), ('{task.Id}', 3, now(), 50, NULL)");
        var reporting = await Producer.FindAsync(task.Id);

        Assert.That(silent.Progress, Is.Null);
        Assert.That(reporting.Progress, Is.EqualTo(new TaskProgress(50, null)));
    }

    [Test]
    public async Task A_wait_ends_when_the_task_does()
    {
        var task = await Producer.SubmitAsync();
        var waiting = Producer.GetAsync($"/v1/tasks/{task.Id}?wait=PT50S");
        await Eventually.TrueAsync(() => Producer.Get<TaskWatcher>().Waiting == 1);
        var watch = Stopwatch.StartNew();
        await Producer.EndAsync(task.Id);
        using var answer = await waiting;

        Assert.Multiple(() =>
        {
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
            Assert.That(answer.Headers.GetValues("Preference-Applied"), Is.EqualTo(new[] { "wait=50" }));
        });
        Assert.That((await ReadAsync<TaskResponse>(answer)).State, Is.EqualTo(TaskState.Succeeded));
        Assert.That(Producer.Get<TaskWatcher>().Waiting, Is.Zero);
    }

    [Test]
    public async Task A_wait_that_is_over_answers_with_the_task_as_it_is()
    {
        var task = await Producer.SubmitAsync();
        using var answer = await Producer.GetAsync($"/v1/tasks/{task.Id}?wait=0.2");

        Assert.Multiple(() =>
        {
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(answer.Headers.GetValues("Preference-Applied"), Is.EqualTo(new[] { "wait=0.2" }));
            Assert.That(answer.Headers.RetryAfter, Is.Not.Null);
        });
        Assert.That((await ReadAsync<TaskResponse>(answer)).State, Is.EqualTo(TaskState.Queued));
    }

    [Test]
    public async Task No_wait_is_longer_than_a_minute()
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id);
        using var answer = await Producer.GetAsync($"/v1/tasks/{task.Id}?wait=PT2H");

        Assert.That(answer.Headers.GetValues("Preference-Applied"), Is.EqualTo(new[] { "wait=60" }));
    }

    [Test]
    public async Task A_client_that_leaves_is_waited_for_no_longer()
    {
        var task = await Producer.SubmitAsync();
        using var leaving = new CancellationTokenSource();
        var waiting = Producer.Client.GetAsync(new Uri($"/v1/tasks/{task.Id}?wait=PT50S", UriKind.Relative), leaving.Token);
        await Eventually.TrueAsync(() => Producer.Get<TaskWatcher>().Waiting == 1);

        await leaving.CancelAsync();

        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        await Eventually.TrueAsync(() => Producer.Get<TaskWatcher>().Waiting == 0);
    }

    [Test]
    public async Task The_result_is_answered_byte_by_byte()
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id, result: """{ "message":"h\u00e4" , "attempt":1}""");
        using var answer = await Producer.GetAsync($"/v1/tasks/{task.Id}/result");

        Assert.Multiple(() =>
        {
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(answer.Content.Headers.ContentType?.ToString(), Is.EqualTo("application/json"));
        });
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo("""{ "message":"h\u00e4" , "attempt":1}"""));
    }

    [Test]
    public async Task A_result_that_is_null_is_a_result()
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id, result: "null");
        using var whole = await Producer.GetAsync($"/v1/tasks/{task.Id}");
        using var result = await Producer.GetAsync($"/v1/tasks/{task.Id}/result");

        Assert.That(await whole.Content.ReadAsStringAsync(), Does.Contain("\"result\":null"));
        Assert.That(await result.Content.ReadAsStringAsync(), Is.EqualTo("null"));
    }

    [Test]
    public async Task A_result_asked_for_too_early_is_a_conflict()
    {
        var task = await Producer.SubmitAsync();
        using var answer = await Producer.GetAsync($"/v1/tasks/{task.Id}/result");

        var problem = await ProblemAsync(answer, HttpStatusCode.Conflict, ProblemTypes.TaskNotEnded);
        Assert.That(problem.State, Is.EqualTo(TaskState.Queued));
        Assert.That(answer.Headers.RetryAfter, Is.Not.Null);
    }

    [Test]
    public async Task The_result_of_a_failed_task_is_a_conflict_that_says_why()
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id, TaskState.Failed, result: null, Broken);
        using var answer = await Producer.GetAsync($"/v1/tasks/{task.Id}/result");

        var problem = await ProblemAsync(answer, HttpStatusCode.Conflict, ProblemTypes.TaskNotSucceeded);
        Assert.Multiple(() =>
        {
            Assert.That(problem.State, Is.EqualTo(TaskState.Failed));
            Assert.That(problem.Failure?.Message, Is.EqualTo("It broke."));
        });
        Assert.That((await Producer.FindAsync(task.Id)).Failure?.Code, Is.EqualTo("handler-error"));
    }

    [Test]
    public async Task Attempts_are_listed_with_the_one_that_runs_and_the_one_that_succeeded()
    {
        var task = await Producer.SubmitAsync();
        var none = await AttemptsAsync(task.Id);
        var first = await Producer.ClaimAsync(task.Id);
        var one = await AttemptsAsync(task.Id);
        await Producer.FinishAsync(new RetryLater(task.Id, first.Fence, first.Attempt, TimeSpan.FromHours(1), Broken));
        await Producer.ScalarAsync($"UPDATE messaging.open_tasks SET state = 2, due_at = NULL WHERE id = '{task.Id}'");
        await Producer.EndAsync(task.Id);
        var two = await AttemptsAsync(task.Id);

        Assert.Multiple(() =>
        {
            Assert.That(none, Is.Empty);
            Assert.That(one.Select(a => (a.Attempt, a.Outcome, a.FinishedAt)), Is.EqualTo(new[] { (1, "running", (DateTimeOffset?)null) }));
            Assert.That(two.Select(a => (a.Attempt, a.Outcome, a.Failure?.Message)), Is.EqualTo(new[] { (1, "failed", "It broke."), (2, "succeeded", null) }));
            Assert.That(two.Select(a => a.FinishedAt), Has.All.Not.Null);
            Assert.That(two.Select(a => a.Worker), Has.All.EqualTo(Producer.Worker));
        });
    }

    [Test]
    public async Task An_attempt_that_was_cancelled_when_its_worker_was_lost_is_listed_too()
    {
        var task = await Producer.SubmitAsync();
        await Producer.ClaimAsync(task.Id);
        using var asked = await CancelAsync(task.Id);
        await Producer.ScalarAsync(RescueSql.Cancel.Replace("$1", $"'{Producer.Worker}'", StringComparison.Ordinal));

        Assert.That((await AttemptsAsync(task.Id)).Select(a => (a.Attempt, a.Outcome, a.Failure?.Code)), Is.EqualTo(new[] { (1, "cancelled", "cancelled") }));
    }

    [TestCase("")]
    [TestCase(""","delay":"PT1H" """)]
    public async Task Cancelling_what_has_not_started_ends_it(string more)
    {
        var task = await Producer.SubmitAsync(more);
        using var answer = await CancelAsync(task.Id);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var cancelled = await ReadAsync<TaskResponse>(answer);
        Assert.Multiple(() =>
        {
            Assert.That(cancelled.State, Is.EqualTo(TaskState.Cancelled));
            Assert.That(cancelled.Failure?.Code, Is.EqualTo("cancelled"));
            Assert.That(cancelled.FinishedAt, Is.Not.Null);
            Assert.That(cancelled.CancelRequested, Is.Null);
        });
    }

    [Test]
    public async Task Cancelling_what_runs_is_a_request()
    {
        var task = await Producer.SubmitAsync();
        await Producer.ClaimAsync(task.Id);
        using var answer = await CancelAsync(task.Id);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        var asked = await ReadAsync<TaskResponse>(answer);
        Assert.That((asked.State, asked.CancelRequested), Is.EqualTo((TaskState.Running, (bool?)true)));
    }

    [Test]
    public async Task Cancelling_what_has_ended_is_a_conflict()
    {
        var task = await Producer.SubmitAsync();
        await Producer.EndAsync(task.Id);
        using var answer = await CancelAsync(task.Id);

        var problem = await ProblemAsync(answer, HttpStatusCode.Conflict, ProblemTypes.TaskAlreadyEnded);
        Assert.That(problem.State, Is.EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task Cancelling_what_is_unknown_is_not_found()
    {
        using var answer = await CancelAsync(Guid.Parse("0197a000-0000-7000-8000-000000000000"));

        await ProblemAsync(answer, HttpStatusCode.NotFound, ProblemTypes.UnknownTask);
    }

    private Task<HttpResponseMessage> CancelAsync(Guid id) => Producer.Client.PostAsync(new Uri($"/v1/tasks/{id}/cancel", UriKind.Relative), null);

    private async Task<IReadOnlyList<AttemptResponse>> AttemptsAsync(Guid id)
    {
        using var answer = await Producer.GetAsync($"/v1/tasks/{id}/attempts");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return (await ReadAsync<Page<AttemptResponse>>(answer)).Items;
    }
}
