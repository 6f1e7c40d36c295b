using Messaging.Contracts.Handlers;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Cancel;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Runtime;

[CancelAfter(60_000)]
public sealed class TaskStopTests
{
    [Test]
    public async Task A_cancelled_task_is_stopped_while_it_runs(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Gated(), cancellationToken);
        var acknowledged = worker.DeliverAsync(cancellationToken, task);
        await worker.Probe.NextStartAsync(cancellationToken);

        var answer = await worker.Services.GetRequiredService<CancelStage>().CancelAsync(task.Id, cancellationToken);
        await acknowledged;

        Assert.That(answer, Is.EqualTo(CancelAnswer.Requested));
        Assert.That(worker.Probe.Stopped[task.Id], Is.EqualTo(StopReason.Cancelled));
        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That(outcome!.State, Is.EqualTo(TaskState.Cancelled));
        Assert.That(outcome.Failure!.Code, Is.EqualTo(FailureCodes.Cancelled));
        Assert.That(await worker.AttemptsAsync(task.Id, cancellationToken), Is.EqualTo(["1 cancelled"]));
    }

    [Test]
    public async Task A_cancelled_task_whose_attempt_times_out_is_cancelled_not_retried(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Gated(), cancellationToken, timeout: TimeSpan.FromHours(1));
        var acknowledged = worker.DeliverAsync(cancellationToken, task);
        await worker.Probe.NextStartAsync(cancellationToken);

        // The attempt ends by its timeout before the worker has heard of the cancel: the ledger refuses the retry.
        await worker.Services.GetRequiredService<CancelStage>().CancelAsync(task.Id, cancellationToken);
        worker.Running.All.Single().Stop(StopReason.TimedOut);
        await acknowledged;

        var state = (await worker.OutcomeAsync(task.Id, cancellationToken))?.State;
        var open = await worker.OpenAsync(task.Id, cancellationToken);
        Assert.That((state, open), Is.EqualTo((TaskState.Cancelled, (OpenRow?)null)));
    }

    [Test]
    public async Task An_attempt_past_its_timeout_is_stopped_and_retried(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Gated(), cancellationToken, timeout: TimeSpan.FromMilliseconds(200), maxAttempts: 2);

        await worker.DeliverAsync(cancellationToken, task);
        var open = await worker.OpenAsync(task.Id, cancellationToken);
        await worker.DeliverAsync(cancellationToken, await worker.PromoteAsync(task, cancellationToken));

        Assert.That(worker.Probe.Stopped[task.Id], Is.EqualTo(StopReason.TimedOut));
        Assert.That(open!.State, Is.EqualTo(TaskState.Scheduled));
        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That(outcome!.State, Is.EqualTo(TaskState.Failed));
        Assert.That((outcome.Failure!.Code, outcome.Failure.Retryable), Is.EqualTo((FailureCodes.Timeout, true)));
        Assert.That(await worker.AttemptsAsync(task.Id, cancellationToken), Is.EqualTo(["1 timed-out", "2 timed-out"]));
    }

    [Test]
    public async Task A_handler_that_ignores_its_token_is_recorded_without_it_and_keeps_its_slot(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("HandlerGrace", "00:00:00.2"));
        var task = await worker.SubmitAsync(new Gated(HeedToken: false), cancellationToken, timeout: TimeSpan.FromMilliseconds(100), maxAttempts: 1);

        var acknowledged = worker.DeliverAsync(cancellationToken, task);
        var outcome = await Eventually.GetAsync(
            token => worker.OutcomeAsync(task.Id, token), seen => seen is not null, cancellationToken: cancellationToken);
        var taken = worker.Slots.Taken;
        worker.Probe.Gate.SetResult();
        await acknowledged;

        Assert.That(outcome!.Failure!.Code, Is.EqualTo(FailureCodes.Timeout));
        Assert.That(taken, Is.EqualTo(1));
        Assert.That(worker.Slots.Taken, Is.Zero);
        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Failed));
    }

    [Test]
    public async Task A_worker_that_was_declared_dead_stops_what_it_runs_and_goes_on_under_a_new_name(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var identity = worker.Services.GetRequiredService<InstanceIdentity>();
        var dead = identity.Id;
        var lost = await worker.SubmitAsync(new Gated(), cancellationToken);
        var acknowledged = worker.DeliverAsync(cancellationToken, lost);
        await worker.Probe.NextStartAsync(cancellationToken);

        await worker.ExecuteAsync("DELETE FROM messaging.workers WHERE id = $1", cancellationToken, dead);
        await worker.ExecuteAsync(RescueSql.QueueAgain, cancellationToken, dead, true);
        await acknowledged;
        var next = await worker.SubmitAsync(new Say("still here"), cancellationToken);
        await worker.DeliverAsync(cancellationToken, next);

        Assert.That(worker.Probe.Stopped[lost.Id], Is.EqualTo(StopReason.ClaimLost));
        Assert.That(identity.Id, Is.Not.EqualTo(dead));
        var open = await worker.OpenAsync(lost.Id, cancellationToken);
        Assert.That((open!.State, open.Attempt), Is.EqualTo((TaskState.Queued, 0)));
        Assert.That(await worker.AttemptsAsync(lost.Id, cancellationToken), Is.EqualTo(["1 worker-lost"]));
        Assert.That((await worker.OutcomeAsync(next.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task What_a_handler_returns_after_its_claim_was_lost_is_not_recorded(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Gated(HeedToken: false), cancellationToken);
        var acknowledged = worker.DeliverAsync(cancellationToken, task);
        await worker.Probe.NextStartAsync(cancellationToken);

        await worker.ExecuteAsync(RescueSql.QueueAgain, cancellationToken, worker.Services.GetRequiredService<InstanceIdentity>().Id, true);
        worker.Probe.Gate.SetResult();
        await acknowledged;

        Assert.That(await worker.OutcomeAsync(task.Id, cancellationToken), Is.Null);
        Assert.That((await worker.OpenAsync(task.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Queued));
    }
}
