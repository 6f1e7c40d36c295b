using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Read;
using Messaging.Infrastructure.Store.Suspects;
using Messaging.Tests.Integration.Store;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Maintenance;

/// <summary>Tasks of dead workers: who is a suspect, who is charged, who ends as <c>worker-lost</c>.</summary>
public sealed class SuspectTests : LedgerTest
{
    private long _claimNo = 1_000;

    [Test]
    public async Task All_tasks_of_a_dead_worker_become_suspects_and_none_is_charged()
    {
        await LoseManyAsync(3);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2 AND suspect AND losses = 1 AND charges = 0 AND attempt = 0"), Is.EqualTo(3));
    }

    [Test]
    public async Task Of_two_suspects_on_a_dying_worker_none_is_charged()
    {
        var ids = await LoseManyAsync(3);
        await LoseAsync(ids[0], ids[1]);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE suspect AND charges > 0"), Is.Zero);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE losses = 2"), Is.EqualTo(2));
    }

    [Test]
    public async Task The_only_suspect_on_a_dying_worker_is_charged_and_its_healthy_neighbours_are_not()
    {
        var suspect = (await LoseManyAsync(1))[0];
        var healthy = await Ledger.SubmitManyAsync(5);
        await LoseAsync([suspect, .. healthy]);

        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{suspect}' AND suspect AND losses = 2 AND charges = 1"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE suspect AND losses = 1 AND charges = 0"), Is.EqualTo(5));
    }

    [Test]
    public async Task After_three_charges_a_task_is_a_dead_letter_and_its_neighbours_are_queued()
    {
        var poison = (await LoseManyAsync(1))[0];
        await LoseAsync(poison);
        await LoseAsync(poison);
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{poison}' AND charges = 2"), Is.EqualTo(1));
        var healthy = await Ledger.SubmitManyAsync(2);
        await LoseAsync([poison, .. healthy]);

        Assert.That(await Ledger.CountAsync($"outcomes WHERE task_id = '{poison}' AND state = 5 AND attempt = 1"), Is.EqualTo(1));
        var task = await Ledger.Services.GetRequiredService<TaskReader>().FindAsync(poison, CancellationToken.None);
        Assert.That(task!.State, Is.EqualTo(TaskState.Failed));
        Assert.That(task.Failure!.Code, Is.EqualTo(FailureCodes.WorkerLost));
        Assert.That(task.Failure.Message, Is.EqualTo("Its worker died 4 times while it ran, the last 3 times with no other suspect on it."));
        Assert.That(task.Failure.Retryable, Is.False);
        Assert.That(await Ledger.CountAsync($"attempts WHERE task_id = '{poison}' AND outcome = 'worker-lost' AND attempt = 1"), Is.EqualTo(4));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2 AND suspect AND charges = 0"), Is.EqualTo(2));
    }

    [Test]
    public async Task A_suspect_that_was_called_off_is_cancelled_and_not_a_dead_letter()
    {
        var poison = (await LoseManyAsync(1))[0];
        await LoseAsync(poison);
        await LoseAsync(poison);
        var worker = await Ledger.AddWorkerAsync();
        await ClaimAsync(poison, worker);
        await Ledger.Cancel.CancelAsync(poison, CancellationToken.None);
        await Ledger.Rescuer.RescueAsync(worker, 0, CancellationToken.None);

        Assert.That(await Ledger.CountAsync($"outcomes WHERE task_id = '{poison}' AND state = 6"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_suspect_that_has_run_long_enough_is_not_charged_any_more()
    {
        var suspect = (await LoseManyAsync(1))[0];
        await LoseAsync(suspect);
        var worker = await Ledger.AddWorkerAsync();
        var claim = await ClaimAsync(suspect, worker);
        Assert.That(claim.Losses, Is.EqualTo(2));
        await Stage.ClearAsync(suspect, claim.Fence, CancellationToken.None);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE NOT suspect AND charges = 0 AND losses = 2"), Is.EqualTo(1));

        await Ledger.Rescuer.RescueAsync(worker, 0, CancellationToken.None);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE suspect AND charges = 0 AND losses = 3"), Is.EqualTo(1), "but watched for longer");
    }

    [Test]
    public async Task A_mark_is_not_taken_off_under_another_claim()
    {
        var suspect = (await LoseManyAsync(1))[0];
        var claim = await ClaimAsync(suspect, Guid.NewGuid());
        await Stage.ClearAsync(suspect, claim.Fence with { ClaimNo = claim.Fence.ClaimNo - 1 }, CancellationToken.None);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE suspect"), Is.EqualTo(1));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_suspect_whose_attempt_ends_in_order_is_none_any_more_and_one_that_is_handed_back_still_is(bool handedBack)
    {
        var suspect = (await LoseManyAsync(1))[0];
        await LoseAsync(suspect);
        var claim = await ClaimAsync(suspect, Guid.NewGuid());
        await Ledger.Finish.FinishAsync(
            handedBack
                ? new HandedBack(suspect, claim.Fence, 1, TimeSpan.Zero)
                : new RetryLater(suspect, claim.Fence, 1, TimeSpan.FromSeconds(1), new TaskFailure("x", "x", true)),
            CancellationToken.None);
        Assert.That(await Ledger.CountAsync(handedBack ? "open_tasks WHERE suspect AND losses = 2 AND charges = 1" : "open_tasks WHERE NOT suspect AND losses = 0 AND charges = 0"), Is.EqualTo(1));
    }

    [Test]
    public async Task Claims_that_an_instance_left_behind_make_no_suspects()
    {
        await Ledger.ClaimManyAsync(5, Guid.NewGuid());
        await Ledger.Rescuer.RescueOrphansAsync(CancellationToken.None);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2 AND NOT suspect AND losses = 0"), Is.EqualTo(5));
    }

    [Test]
    public async Task A_suspect_is_loaded_with_its_mark_and_an_unmarked_task_without()
    {
        var suspect = (await LoseManyAsync(1))[0];
        var healthy = (await Ledger.SubmitManyAsync(1))[0];
        var copies = await Ledger.Services.GetRequiredService<TaskContents>().LoadAsync([suspect, healthy], CancellationToken.None);
        Assert.That(copies.ToDictionary(c => c.Id, c => c.Losses), Is.EqualTo(new Dictionary<Guid, int> { [suspect] = 1, [healthy] = 0 }));
        Assert.That((await ClaimAsync(healthy, Guid.NewGuid())).Losses, Is.Zero);
    }

    [Test]
    public async Task Only_what_is_queued_is_put_off()
    {
        var queued = (await Ledger.SubmitManyAsync(1))[0];
        var (running, _) = (await Ledger.ClaimManyAsync(1, Guid.NewGuid()))[0];
        await Stage.PostponeAsync([(queued, TimeSpan.FromSeconds(5)), (running, TimeSpan.FromSeconds(5))], CancellationToken.None);
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{queued}' AND state = 0 AND due_at BETWEEN now() + interval '3 s' AND now() + interval '5 s'"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{running}' AND state = 3"), Is.EqualTo(1));
    }

    private SuspectStage Stage => Ledger.Services.GetRequiredService<SuspectStage>();

    /// <summary>New tasks whose worker dies.</summary>
    private async Task<Guid[]> LoseManyAsync(int count)
    {
        var ids = await Ledger.SubmitManyAsync(count);
        await LoseAsync(ids);
        return ids;
    }

    /// <summary>A new worker claims the tasks and dies.</summary>
    private async Task LoseAsync(params Guid[] ids)
    {
        var worker = await Ledger.AddWorkerAsync();
        foreach (var id in ids)
            await ClaimAsync(id, worker);
        await Ledger.Rescuer.RescueAsync(worker, 0, CancellationToken.None);
    }

    private async Task<Claimed> ClaimAsync(Guid id, Guid worker) =>
        (await Ledger.Claim.ClaimAsync(new ClaimRequest(id, new Fence(worker, ++_claimNo)), CancellationToken.None))!;
}
