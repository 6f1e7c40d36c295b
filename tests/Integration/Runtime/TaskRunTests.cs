using Messaging.Consumers.Runtime;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support;

namespace Messaging.Tests.Integration.Runtime;

[CancelAfter(60_000)]
public sealed class TaskRunTests
{
    [Test]
    public async Task A_result_is_recorded_before_the_acknowledgement(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Say("hello"), cancellationToken);

        await worker.DeliverAsync(cancellationToken, task);

        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That(outcome, Is.EqualTo(new OutcomeRow(TaskState.Succeeded, 1, """{"text":"hello","attempt":1}""", null)));
        Assert.That(await worker.OpenAsync(task.Id, cancellationToken), Is.Null);
        Assert.That(await worker.AttemptsAsync(task.Id, cancellationToken), Is.Empty);
        Assert.That(worker.Slots.Taken, Is.Zero);
        Assert.That(worker.Running.IsEmpty, Is.True);
    }

    [Test]
    public async Task A_pack_runs_whole_even_if_one_of_its_tasks_fails(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("Concurrency", "2"));
        var good = await worker.SubmitAsync(new Say("one"), cancellationToken);
        var bad = await worker.SubmitAsync(new Refuse("no"), cancellationToken);
        var other = await worker.SubmitAsync(new Say("two"), cancellationToken);

        await worker.DeliverAsync(cancellationToken, good, bad, other);

        Assert.That((await worker.OutcomeAsync(good.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        Assert.That((await worker.OutcomeAsync(bad.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Failed));
        Assert.That((await worker.OutcomeAsync(other.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task A_failed_attempt_is_followed_by_another(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Say("at last", FailTimes: 1), cancellationToken);

        await worker.DeliverAsync(cancellationToken, task);
        var waiting = await worker.OpenAsync(task.Id, cancellationToken);
        await worker.DeliverAsync(cancellationToken, await worker.PromoteAsync(task, cancellationToken));

        Assert.That(waiting!.State, Is.EqualTo(TaskState.Scheduled));
        Assert.That(waiting.DueInSeconds, Is.LessThanOrEqualTo(0.076));
        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That(outcome, Is.EqualTo(new OutcomeRow(TaskState.Succeeded, 2, """{"text":"at last","attempt":2}""", null)));
        Assert.That(await worker.AttemptsAsync(task.Id, cancellationToken), Is.EqualTo(["1 failed"]));
    }

    [Test]
    public async Task The_last_attempt_is_final_and_keeps_the_stack(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Say("never", FailTimes: 9), cancellationToken, maxAttempts: 2);

        await worker.DeliverAsync(cancellationToken, task);
        await worker.DeliverAsync(cancellationToken, await worker.PromoteAsync(task, cancellationToken));

        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That(outcome!.State, Is.EqualTo(TaskState.Failed));
        Assert.That(outcome.Attempt, Is.EqualTo(2));
        Assert.That(outcome.Failure!.Code, Is.EqualTo(FailureCodes.HandlerError));
        Assert.That(outcome.Failure.Message, Does.StartWith("attempt 2 fails"));
        var details = outcome.Failure.Details!.Value;
        Assert.That(details.GetProperty("exception").GetString(), Is.EqualTo(typeof(InvalidOperationException).FullName));
        Assert.That(details.GetProperty("stack").GetString(), Does.Contain(nameof(SayHandler)));
        Assert.That(await worker.AttemptsAsync(task.Id, cancellationToken), Is.EqualTo(["1 failed", "2 failed"]));
    }

    [Test]
    public async Task A_failure_that_retrying_does_not_mend_is_final_at_once(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Refuse("not with me"), cancellationToken);

        await worker.DeliverAsync(cancellationToken, task);

        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That(outcome!.State, Is.EqualTo(TaskState.Failed));
        Assert.That(outcome.Attempt, Is.EqualTo(1));
        Assert.That(
            (outcome.Failure!.Code, outcome.Failure.Message, outcome.Failure.Retryable), Is.EqualTo(("refused", "not with me", false)));
    }

    [TestCase("""{"text":"x","unknown":1}""")]
    [TestCase("""{"text":null}""")]
    [TestCase("null")]
    [TestCase("[]")]
    public async Task An_input_that_does_not_fit_the_handler_fails_for_good(string input, CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync("test.say", System.Text.Encoding.UTF8.GetBytes(input), cancellationToken);

        await worker.DeliverAsync(cancellationToken, task);

        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That(outcome!.State, Is.EqualTo(TaskState.Failed));
        Assert.That((outcome.Failure!.Code, outcome.Failure.Retryable), Is.EqualTo((FailureCodes.InvalidInput, false)));
        Assert.That(worker.Probe.Runs, Is.Empty);
    }

    [Test]
    public async Task A_result_over_the_limit_fails_for_good(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        // The quotes count too.
        var fits = await worker.SubmitAsync(new Large(HandlerInvoker.LargestResult - 2), cancellationToken);
        var tooLarge = await worker.SubmitAsync(new Large(HandlerInvoker.LargestResult - 1), cancellationToken);

        await worker.DeliverAsync(cancellationToken, fits, tooLarge);

        Assert.That((await worker.OutcomeAsync(fits.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        var outcome = await worker.OutcomeAsync(tooLarge.Id, cancellationToken);
        Assert.That(outcome!.State, Is.EqualTo(TaskState.Failed));
        Assert.That(outcome.Failure!.Code, Is.EqualTo(FailureCodes.InvalidResult));
    }

    [Test]
    public async Task A_kind_without_a_handler_is_handed_back_and_costs_no_attempt(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync("test.nobody-knows", "{}"u8.ToArray(), cancellationToken);

        await worker.DeliverAsync(cancellationToken, task);

        var open = await worker.OpenAsync(task.Id, cancellationToken);
        Assert.That((open!.State, open.Attempt, open.Worker), Is.EqualTo((TaskState.Scheduled, 0, (Guid?)null)));
        Assert.That(open.DueInSeconds, Is.GreaterThan(3).And.LessThanOrEqualTo(5));
        Assert.That(await worker.AttemptsAsync(task.Id, cancellationToken), Is.Empty);
    }

    [Test]
    public async Task Copies_of_a_task_run_it_once(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Say("once"), cancellationToken);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => worker.DeliverAsync(cancellationToken, task, task)));
        await worker.DeliverAsync(cancellationToken, task);

        Assert.That(worker.Probe.Runs[task.Id], Is.EqualTo(1));
        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        Assert.That(worker.Slots.Taken, Is.Zero);
    }

    [Test]
    public async Task A_copy_of_an_old_revision_is_read_anew(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Say("old"), cancellationToken);
        await worker.ExecuteAsync("""INSERT INTO messaging.task_revisions (task_id, revision, input) VALUES ($1, 1, '{"text":"new"}')""", cancellationToken, task.Id);
        await worker.ExecuteAsync("UPDATE messaging.open_tasks SET revision = 1 WHERE id = $1", cancellationToken, task.Id);

        await worker.DeliverAsync(cancellationToken, task);

        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.Result, Does.Contain("new"));
    }

    [Test]
    public async Task Progress_is_stored_while_the_handler_runs_the_latest_last(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Report(1000), cancellationToken);

        var acknowledged = worker.DeliverAsync(cancellationToken, task);
        var last = await Eventually.GetAsync(
            token => worker.ScalarAsync<string>(
                "SELECT coalesce((SELECT percent || ' ' || message FROM messaging.task_events WHERE task_id = $1 ORDER BY seq DESC LIMIT 1), '')", token, task.Id),
            seen => seen.StartsWith("100 ", StringComparison.Ordinal),
            cancellationToken: cancellationToken);
        worker.Probe.Gate.SetResult();
        await acknowledged;

        Assert.That(last, Is.EqualTo("100 step 1000 \uFFFD"));
        var rows = await worker.ScalarAsync<long>("SELECT count(*) FROM messaging.task_events WHERE task_id = $1", cancellationToken, task.Id);
        Assert.That(rows, Is.InRange(1, 100));
    }

    [Test]
    public async Task Kinds_are_registered_at_the_start_and_their_mean_run_times_follow(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var kinds = await worker.ScalarAsync<string[]>("SELECT array_agg(name ORDER BY name) FROM messaging.kinds", cancellationToken);
        await worker.DeliverAsync(cancellationToken, await worker.SubmitAsync(new Say("quick"), cancellationToken));

        Assert.That(kinds, Is.SupersetOf(["test.gated", "test.large", "test.refuse", "test.report", "test.say"]));
        await Eventually.GetAsync(
            token => worker.ScalarAsync<float>("SELECT coalesce(mean_run_ms, -1) FROM messaging.kinds WHERE name = 'test.say'", token),
            mean => mean is >= 0 and < 1000,
            cancellationToken: cancellationToken);
    }
}
