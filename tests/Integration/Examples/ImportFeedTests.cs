using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Read;
using Messaging.Tests.Integration.Runtime;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Examples;

/// <summary>What a handler throws decides how its attempt, and its task, ends.</summary>
[CancelAfter(60_000)]
public sealed class ImportFeedTests
{
    [Test]
    public async Task A_failure_that_names_a_time_is_not_retried_earlier_and_says_so_in_the_history(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await RunAsync(worker, () => new Feed("busy", RetryAfter: TimeSpan.FromMinutes(10)), cancellationToken);

        var open = await worker.OpenAsync(task, cancellationToken);
        Assert.That((open!.State, open.Attempt), Is.EqualTo((TaskState.Scheduled, 1)));
        Assert.That(open.DueInSeconds, Is.InRange(590, 600));
        var attempt = (await HistoryAsync(worker, task, cancellationToken)).Single();
        Assert.That((attempt.Attempt, attempt.Outcome, attempt.Failure!.Code, attempt.Failure.Retryable), Is.EqualTo((1, "failed", "feed-busy", true)));
        Assert.That(attempt.Failure.Details!.Value.GetProperty("retryAfter").GetString(), Is.EqualTo("PT10M"));
        Assert.That(attempt.Failure.Details.Value.GetProperty("stack").GetString(), Does.Contain(nameof(ImportFeedHandler)));
    }

    [Test]
    public async Task A_failure_that_names_a_short_time_waits_for_the_policy(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await RunAsync(worker, () => new Feed("busy", RetryAfter: TimeSpan.FromMilliseconds(1)), cancellationToken);

        Assert.That((await worker.OpenAsync(task, cancellationToken))!.DueInSeconds, Is.InRange(1, 3));
    }

    [Test]
    public async Task A_snooze_spends_no_attempt_and_stands_in_the_history(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var feeds = worker.Services.GetRequiredService<FeedServer>();
        feeds.Answer = () => new Feed("being-built");
        var task = await worker.SubmitAsync(new ImportFeed("news"), cancellationToken, maxAttempts: 1);
        for (var run = 0; run < 3; run++)
            await worker.DeliverAsync(cancellationToken, await worker.PromoteAsync(task, cancellationToken));
        var snoozing = await worker.OpenAsync(task.Id, cancellationToken);
        feeds.Answer = () => new Feed("ready", 7);
        await worker.DeliverAsync(cancellationToken, await worker.PromoteAsync(task, cancellationToken));

        Assert.That((snoozing!.State, snoozing.Attempt, snoozing.Worker), Is.EqualTo((TaskState.Scheduled, 0, (Guid?)null)));
        Assert.That(snoozing.DueInSeconds, Is.InRange(50, 60));
        Assert.That(await worker.OutcomeAsync(task.Id, cancellationToken), Is.EqualTo(new OutcomeRow(TaskState.Succeeded, 1, """{"rows":7}""", null)));
        var history = await HistoryAsync(worker, task.Id, cancellationToken);
        Assert.That(history.Select(a => (a.Attempt, a.Outcome)), Is.EqualTo(new[] { (1, "snoozed"), (1, "snoozed"), (1, "snoozed"), (1, "succeeded") }));
        Assert.That(history.Select(a => a.FinishedAt), Has.All.Not.Null);
    }

    [Test]
    public async Task A_handler_can_call_its_task_off(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await RunAsync(worker, () => new Feed("withdrawn"), cancellationToken);

        var outcome = await worker.OutcomeAsync(task, cancellationToken);
        Assert.That(outcome!.State, Is.EqualTo(TaskState.Cancelled));
        Assert.That(outcome.Failure, Is.EqualTo(new TaskFailure(FailureCodes.Cancelled, "The feed news was withdrawn.", false)));
        Assert.That(await worker.AttemptsAsync(task, cancellationToken), Is.EqualTo(["1 cancelled"]));
    }

    [Test]
    public async Task A_handler_can_fail_for_good(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await RunAsync(worker, () => new Feed("forbidden"), cancellationToken);

        var outcome = await worker.OutcomeAsync(task, cancellationToken);
        Assert.That((outcome!.State, outcome.Attempt, outcome.Failure!.Code), Is.EqualTo((TaskState.Failed, 1, "feed-forbidden")));
    }

    [Test]
    public async Task A_rule_by_exception_type_sets_the_delay(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var ruled = await RunAsync(worker, () => throw new HttpRequestException("502"), cancellationToken);
        var unruled = await RunAsync(worker, () => throw new InvalidOperationException("no rule"), cancellationToken);

        Assert.That((await worker.OpenAsync(ruled, cancellationToken))!.DueInSeconds, Is.InRange(9, 15));
        Assert.That((await worker.OpenAsync(unruled, cancellationToken))!.DueInSeconds, Is.InRange(1, 3));
    }

    [Test]
    public async Task A_rule_by_exception_type_limits_the_attempts(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        worker.Services.GetRequiredService<FeedServer>().Answer = () => throw new EndOfStreamException("cut off"); // an IOException
        var task = await worker.SubmitAsync(new ImportFeed("news"), cancellationToken);
        await worker.DeliverAsync(cancellationToken, task);
        await worker.DeliverAsync(cancellationToken, await worker.PromoteAsync(task, cancellationToken));

        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That((outcome!.State, outcome.Attempt), Is.EqualTo((TaskState.Failed, 2)));
    }

    [Test]
    public async Task A_rule_by_exception_type_ends_the_task(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await RunAsync(worker, () => throw new FormatException("not a feed"), cancellationToken);

        var outcome = await worker.OutcomeAsync(task, cancellationToken);
        Assert.That((outcome!.State, outcome.Attempt, outcome.Failure!.Retryable), Is.EqualTo((TaskState.Failed, 1, false)));
    }

    [Test]
    public async Task A_failure_whose_retry_would_come_after_the_deadline_fails_the_task_at_once(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        worker.Services.GetRequiredService<FeedServer>().Answer = () => new Feed("busy", RetryAfter: TimeSpan.FromMinutes(10));
        var task = await worker.SubmitAsync(new ImportFeed("news"), cancellationToken);
        await worker.ExecuteAsync("UPDATE messaging.open_tasks SET deadline_at = now() + interval '5 minutes' WHERE id = $1", cancellationToken, task.Id);
        await worker.DeliverAsync(cancellationToken, task);

        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That((outcome!.State, outcome.Attempt, outcome.Failure!.Code), Is.EqualTo((TaskState.Failed, 1, "feed-busy")));
        Assert.That(await worker.AttemptsAsync(task.Id, cancellationToken), Is.EqualTo(["1 failed"]));
    }

    [Test]
    public async Task A_task_delivered_after_its_deadline_does_not_run(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Say("too late"), cancellationToken);
        await worker.ExecuteAsync("UPDATE messaging.open_tasks SET deadline_at = now() WHERE id = $1", cancellationToken, task.Id);
        await worker.DeliverAsync(cancellationToken, task);

        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Expired));
        Assert.That(worker.Probe.Runs, Is.Empty);
    }

    private static async Task<Guid> RunAsync(WorkerHarness worker, Func<Feed> answer, CancellationToken cancellationToken)
    {
        worker.Services.GetRequiredService<FeedServer>().Answer = answer;
        var task = await worker.SubmitAsync(new ImportFeed("news"), cancellationToken);
        await worker.DeliverAsync(cancellationToken, task);
        return task.Id;
    }

    private static Task<IReadOnlyList<AttemptRecord>> HistoryAsync(WorkerHarness worker, Guid task, CancellationToken cancellationToken) =>
        worker.Services.GetRequiredService<TaskReader>().AttemptsAsync(task, cancellationToken);
}
