using System.Diagnostics.Metrics;
using Messaging.Contracts.Messages;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Express;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>What a worker does with an express copy, and with the other copy afterwards.</summary>
[CancelAfter(60_000)]
public sealed class ExpressDeliveryTests
{
    [Test]
    public async Task It_runs_at_once_and_the_other_copy_is_dropped(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        using var dropped = new MetricCollector(worker.Services.GetRequiredService<IMeterFactory>(), "messaging.copies.dropped");
        var task = await worker.SubmitAsync(new Gated(), cancellationToken);

        Deliver(worker, task);
        await worker.Probe.NextStartAsync(cancellationToken);
        await worker.DeliverAsync(cancellationToken, task);
        Assert.That(dropped.Sum, Is.EqualTo(1));
        worker.Probe.Gate.SetResult();
        await EndedAsync(worker, task, cancellationToken);

        Assert.That(worker.Probe.Runs[task.Id], Is.EqualTo(1));
        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.Attempt, Is.EqualTo(1));
        await Eventually.TrueAsync(() => worker.Slots.Taken == 0, cancellationToken: cancellationToken);
    }

    [Test]
    public async Task Two_copies_at_once_run_once(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        for (var i = 0; i < 20; i++)
        {
            var task = await worker.SubmitAsync(new Say("once"), cancellationToken);
            Deliver(worker, task);
            await worker.DeliverAsync(cancellationToken, task);
            await EndedAsync(worker, task, cancellationToken);
            Assert.That(worker.Probe.Runs[task.Id], Is.EqualTo(1));
        }
    }

    [Test]
    public async Task A_later_attempt_is_no_copy_of_the_first(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Say("again", FailTimes: 1), cancellationToken);
        Deliver(worker, task);
        await Eventually.GetAsync(
            token => worker.OpenAsync(task.Id, token), open => open is { State: TaskState.Scheduled }, cancellationToken: cancellationToken);

        await worker.PromoteAsync(task, cancellationToken);
        await worker.DeliverAsync(cancellationToken, task);

        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.Attempt, Is.EqualTo(2));
    }

    [Test]
    public async Task Without_a_free_slot_it_is_let_go(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("Concurrency", "1"));
        var running = await worker.SubmitAsync(new Gated(), cancellationToken);
        Deliver(worker, running);
        await worker.Probe.NextStartAsync(cancellationToken);
        var other = await worker.SubmitAsync(new Say("later"), cancellationToken);

        Deliver(worker, other);
        worker.Probe.Gate.SetResult();
        await EndedAsync(worker, running, cancellationToken);
        Assert.That((await worker.OpenAsync(other.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Queued));
        await worker.DeliverAsync(cancellationToken, other);
        Assert.That((await worker.OutcomeAsync(other.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task Suspects_and_tasks_of_others_are_left_alone(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var suspect = await worker.SubmitAsync(new Say("suspect"), cancellationToken);
        var elsewhere = await worker.SubmitAsync(new Say("elsewhere"), cancellationToken);
        await worker.ExecuteAsync("UPDATE messaging.open_tasks SET state = 3, worker = $2, claim_no = 1, claimed_at = now() WHERE id = $1", cancellationToken, elsewhere.Id, Guid.NewGuid());
        Deliver(worker, suspect with { Losses = 1 });
        Deliver(worker, elsewhere);
        await Eventually.TrueAsync(() => worker.Slots.Taken == 0 && worker.Running.IsEmpty, cancellationToken: cancellationToken);

        Assert.That(worker.Probe.Runs, Is.Empty);
        Assert.That((await worker.OpenAsync(suspect.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Queued));
    }

    private static void Deliver(WorkerHarness worker, RunTask task) =>
        worker.Services.GetRequiredService<IExpressReceiver>().Receive(WorkerHarness.Queue, new RunTasks([task]));

    private static Task<OutcomeRow?> EndedAsync(WorkerHarness worker, RunTask task, CancellationToken cancellationToken) =>
        Eventually.GetAsync(token => worker.OutcomeAsync(task.Id, token), outcome => outcome is not null, TimeSpan.FromSeconds(20), cancellationToken);
}
