using Messaging.Consumers.Runtime;
using Messaging.Contracts.Messages;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>What a worker does with suspects, the tasks whose worker died while it ran them.</summary>
[CancelAfter(60_000)]
public sealed class SuspectRunTests
{
    [Test]
    public async Task A_second_suspect_is_put_off_until_the_first_has_proven_harmless(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var first = await SubmitSuspectAsync(worker, cancellationToken);
        var second = await SubmitSuspectAsync(worker, cancellationToken);
        var running = worker.DeliverAsync(cancellationToken, first);
        await worker.Probe.NextStartAsync(cancellationToken);

        await worker.DeliverAsync(cancellationToken, second);
        var putOff = await worker.OpenAsync(second.Id, cancellationToken);
        Assert.That(putOff!.State, Is.EqualTo(TaskState.Scheduled));
        Assert.That(putOff.DueInSeconds, Is.LessThan(2));
        Assert.That(putOff.Attempt, Is.Zero);
        Assert.That(await IsSuspectAsync(worker, first, cancellationToken), Is.True);

        // Two seconds after its start the first is trusted; it runs on, and the next one may start beside it.
        await Eventually.GetAsync(_ => IsSuspectAsync(worker, first, cancellationToken), seen => !seen, TimeSpan.FromSeconds(5), cancellationToken);
        var next = worker.DeliverAsync(cancellationToken, await worker.PromoteAsync(second, cancellationToken));
        Assert.That((await worker.Probe.NextStartAsync(cancellationToken)).TaskId, Is.EqualTo(second.Id));

        worker.Probe.Gate.SetResult();
        await Task.WhenAll(running, next);
        foreach (var task in new[] { first, second })
            Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.Attempt, Is.EqualTo(1));
        Assert.That(worker.Services.GetRequiredService<SuspectPlaces>().Taken, Is.Zero);
    }

    [Test]
    public async Task Healthy_tasks_run_beside_a_suspect(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var running = worker.DeliverAsync(cancellationToken, await SubmitSuspectAsync(worker, cancellationToken));
        await worker.Probe.NextStartAsync(cancellationToken);

        var healthy = await worker.SubmitAsync(new Say("hello"), cancellationToken);
        await worker.DeliverAsync(cancellationToken, healthy);
        Assert.That((await worker.OutcomeAsync(healthy.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        worker.Probe.Gate.SetResult();
        await running;
    }

    [Test]
    public async Task An_old_copy_of_a_suspect_in_a_pack_is_handed_back_while_another_suspect_runs(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var running = worker.DeliverAsync(cancellationToken, await SubmitSuspectAsync(worker, cancellationToken));
        await worker.Probe.NextStartAsync(cancellationToken);
        var stale = await SubmitSuspectAsync(worker, cancellationToken) with { Losses = 0 };
        var healthy = await worker.SubmitAsync(new Say("hello"), cancellationToken);

        await worker.DeliverAsync(cancellationToken, stale, healthy);

        var open = await worker.OpenAsync(stale.Id, cancellationToken);
        Assert.That((open!.State, open.Attempt), Is.EqualTo((TaskState.Queued, 0)));
        Assert.That(await worker.OutboxRowsAsync(stale.Id, cancellationToken), Is.EqualTo(2), "the submit's and the hand-back's");
        Assert.That(worker.Probe.Runs, Does.Not.ContainKey(stale.Id));
        Assert.That((await worker.OutcomeAsync(healthy.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        worker.Probe.Gate.SetResult();
        await running;
    }

    [Test]
    public async Task An_old_copy_of_a_suspect_runs_as_one_if_there_is_no_other(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var stale = await SubmitSuspectAsync(worker, cancellationToken) with { Losses = 0 };
        var running = worker.DeliverAsync(cancellationToken, stale);
        await worker.Probe.NextStartAsync(cancellationToken);
        Assert.That(worker.Services.GetRequiredService<SuspectPlaces>().Taken, Is.EqualTo(1));
        worker.Probe.Gate.SetResult();
        await running;
        Assert.That(worker.Services.GetRequiredService<SuspectPlaces>().Taken, Is.Zero);
    }

    /// <summary>A gated task as a rescue leaves it, and the copy that is published then.</summary>
    private static async Task<RunTask> SubmitSuspectAsync(WorkerHarness worker, CancellationToken cancellationToken)
    {
        var task = await worker.SubmitAsync(new Gated(), cancellationToken);
        await worker.ExecuteAsync("UPDATE messaging.open_tasks SET suspect = true, losses = 1 WHERE id = $1", cancellationToken, task.Id);
        return task with { Losses = 1 };
    }

    private static Task<bool> IsSuspectAsync(WorkerHarness worker, RunTask task, CancellationToken cancellationToken) =>
        worker.ScalarAsync<bool>("SELECT suspect FROM messaging.open_tasks WHERE id = $1", cancellationToken, task.Id);
}
