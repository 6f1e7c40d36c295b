using Messaging.Consumers.Runtime;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Runtime;

[CancelAfter(60_000)]
public sealed class DrainTests
{
    [Test]
    public async Task Running_tasks_may_end_while_waiting_ones_are_handed_back_at_once(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("Concurrency", "1"), ("HandBackAfter", "00:01:00"));
        var running = await worker.SubmitAsync(new Gated(), cancellationToken);
        var waiting = await worker.SubmitAsync(new Say("later"), cancellationToken);
        var runningAcknowledged = worker.DeliverAsync(cancellationToken, running);
        await worker.Probe.NextStartAsync(cancellationToken);
        var waitingAcknowledged = worker.DeliverAsync(cancellationToken, waiting);

        var stopped = worker.StopAsync(cancellationToken);
        await waitingAcknowledged;
        var early = stopped.IsCompleted;
        worker.Probe.Gate.SetResult();
        await runningAcknowledged;
        await stopped;

        Assert.That(early, Is.False);
        Assert.That((await worker.OpenAsync(waiting.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Queued));
        Assert.That(await worker.OutboxRowsAsync(waiting.Id, cancellationToken), Is.EqualTo(2));
        Assert.That((await worker.OutcomeAsync(running.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task What_does_not_end_in_time_is_stopped_and_handed_back_without_spending_its_attempt(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("DrainTimeout", "00:00:00.2"));
        var task = await worker.SubmitAsync(new Gated(), cancellationToken);
        var acknowledged = worker.DeliverAsync(cancellationToken, task);
        await worker.Probe.NextStartAsync(cancellationToken);

        await worker.StopAsync(cancellationToken);
        await acknowledged;

        Assert.That(worker.Probe.Stopped[task.Id], Is.EqualTo(StopReason.ShuttingDown));
        await AssertHandedBackAsync(worker, task.Id, cancellationToken);
    }

    [Test]
    public async Task A_handler_that_ignores_the_stop_is_handed_back_without_it(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("DrainTimeout", "00:00:00"));
        var task = await worker.SubmitAsync(new Gated(HeedToken: false), cancellationToken);
        var acknowledged = worker.DeliverAsync(cancellationToken, task);
        await worker.Probe.NextStartAsync(cancellationToken);

        await worker.StopAsync(cancellationToken);
        await acknowledged;

        await AssertHandedBackAsync(worker, task.Id, cancellationToken);
        worker.Probe.Gate.SetResult();
    }

    [Test]
    public async Task A_second_signal_does_not_wait_for_the_drain(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("DrainTimeout", "00:30:00"));
        var task = await worker.SubmitAsync(new Gated(), cancellationToken);
        var acknowledged = worker.DeliverAsync(cancellationToken, task);
        await worker.Probe.NextStartAsync(cancellationToken);

        var stopped = worker.StopAsync(cancellationToken);
        worker.Services.GetRequiredService<WorkerDrain>().Hurry();
        await stopped;
        await acknowledged;

        await AssertHandedBackAsync(worker, task.Id, cancellationToken);
    }

    [Test]
    public async Task A_worker_that_drains_starts_nothing(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Say("too late"), cancellationToken);
        worker.Services.GetRequiredService<DrainSignal>().Begin();

        await worker.DeliverAsync(cancellationToken, task);

        Assert.That(worker.Probe.Runs, Is.Empty);
        Assert.That(await worker.OutboxRowsAsync(task.Id, cancellationToken), Is.EqualTo(2));
    }

    private static async Task AssertHandedBackAsync(WorkerHarness worker, Guid task, CancellationToken cancellationToken)
    {
        var open = await worker.OpenAsync(task, cancellationToken);
        Assert.That((open!.State, open.Attempt, open.Worker), Is.EqualTo((TaskState.Queued, 0, (Guid?)null)));
        Assert.That(await worker.OutboxRowsAsync(task, cancellationToken), Is.EqualTo(2));
        Assert.That(await worker.AttemptsAsync(task, cancellationToken), Is.Empty);
    }
}
