using System.Diagnostics.Metrics;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Runtime;

[CancelAfter(60_000)]
public sealed class DeliveryTests
{
    [Test]
    public async Task What_finds_no_slot_in_time_is_handed_back_unclaimed(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("Concurrency", "1"), ("HandBackAfter", "00:00:00.2"));
        var running = await worker.SubmitAsync(new Gated(), cancellationToken);
        var waiting = await worker.SubmitAsync(new Say("not here"), cancellationToken);
        var other = await worker.SubmitAsync(new Say("nor this"), cancellationToken);
        var acknowledged = worker.DeliverAsync(cancellationToken, running);
        await worker.Probe.NextStartAsync(cancellationToken);

        await worker.DeliverAsync(cancellationToken, waiting, other);

        foreach (var task in new[] { waiting, other })
        {
            var open = await worker.OpenAsync(task.Id, cancellationToken);
            Assert.That((open!.State, open.Attempt), Is.EqualTo((TaskState.Queued, 0)));
            Assert.That(await worker.OutboxRowsAsync(task.Id, cancellationToken), Is.EqualTo(2));
            Assert.That(worker.Probe.Runs.ContainsKey(task.Id), Is.False);
        }

        worker.Probe.Gate.SetResult();
        await acknowledged;
    }

    [Test]
    public async Task A_pack_that_starts_in_part_hands_back_the_rest_and_waits_for_what_runs(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("Concurrency", "1"), ("HandBackAfter", "00:00:00.2"));
        var first = await worker.SubmitAsync(new Gated(), cancellationToken);
        var second = await worker.SubmitAsync(new Gated(), cancellationToken);

        var acknowledged = worker.DeliverAsync(cancellationToken, first, second);
        await Eventually.GetAsync(token => worker.OutboxRowsAsync(second.Id, token), rows => rows == 2, cancellationToken: cancellationToken);
        var early = acknowledged.IsCompleted;
        worker.Probe.Gate.SetResult();
        await acknowledged;

        Assert.That(early, Is.False);
        Assert.That((await worker.OutcomeAsync(first.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        Assert.That((await worker.OpenAsync(second.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Queued));
    }

    [Test]
    public async Task A_task_that_is_twice_in_a_pack_runs_once(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new Gated(), cancellationToken);
        var other = await worker.SubmitAsync(new Say("beside it"), cancellationToken);

        var acknowledged = worker.DeliverAsync(cancellationToken, task, other, task);
        await worker.Probe.NextStartAsync(cancellationToken);
        await worker.Probe.NextStartAsync(cancellationToken);
        var running = await Eventually.GetAsync(
            _ => Task.FromResult(worker.Running.All.Select(x => x.Copy.Id).ToArray()), ids => ids is [var only] && only == task.Id, cancellationToken: cancellationToken);
        worker.Probe.Gate.SetResult();
        await acknowledged;

        Assert.That(running, Is.EqualTo(new[] { task.Id }), "the copy that was refused is forgotten, not the one that runs");
        Assert.That(worker.Probe.Runs[task.Id], Is.EqualTo(1));
        Assert.That(worker.Probe.Runs[other.Id], Is.EqualTo(1));
    }

    [Test]
    public async Task A_long_task_is_acknowledged_while_it_runs_and_keeps_its_slot(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("HandBackAfter", "00:00:00.1"), ("AckAfter", "00:00:00.3"));
        var task = await worker.SubmitAsync(new Gated(), cancellationToken);

        await worker.DeliverAsync(cancellationToken, task);

        Assert.That((await worker.OpenAsync(task.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Running));
        Assert.That(worker.Slots.Taken, Is.EqualTo(1));
        worker.Probe.Gate.SetResult();
        var outcome = await Eventually.GetAsync(
            token => worker.OutcomeAsync(task.Id, token), seen => seen is not null, cancellationToken: cancellationToken);
        Assert.That(outcome!.State, Is.EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task A_lost_channel_ends_the_delivery_but_not_the_task(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        using var channel = new CancellationTokenSource();
        var task = await worker.SubmitAsync(new Gated(), cancellationToken);
        var acknowledged = worker.DeliverAsync(channel.Token, task);
        await worker.Probe.NextStartAsync(cancellationToken);

        await channel.CancelAsync();

        Assert.That(async () => await acknowledged, Throws.InstanceOf<OperationCanceledException>());
        worker.Probe.Gate.SetResult();
        await Eventually.GetAsync(token => worker.OutcomeAsync(task.Id, token), seen => seen is not null, cancellationToken: cancellationToken);
        Assert.That(worker.Probe.Runs[task.Id], Is.EqualTo(1));
    }

    [Test]
    public async Task A_copy_of_a_task_that_nobody_knows_is_dropped_and_counted(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        using var dropped = new MetricCollector(worker.Services.GetRequiredService<IMeterFactory>(), "messaging.copies.dropped");
        var known = await worker.SubmitAsync(new Say("hello"), cancellationToken);
        var unknown = known with { Id = Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddYears(30)) };

        await worker.DeliverAsync(cancellationToken, unknown, known);

        Assert.That(dropped.Sum, Is.EqualTo(1), "long gone, if it ever was");
        Assert.That((await worker.OutcomeAsync(known.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded), "its neighbour runs");
    }
}
