using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Tests.Integration.Store;

namespace Messaging.Tests.Integration.Maintenance;

public sealed class WorkerRescuerTests : LedgerTest
{
    [Test]
    public async Task Of_two_rescuers_one_takes_over_and_each_task_is_queued_once()
    {
        var dead = await Ledger.AddWorkerAsync();
        var running = await Ledger.ClaimManyAsync(100, dead);
        await Ledger.ExecuteAsync("DELETE FROM messaging.outbox");

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Ledger.Rescuer.RescueAsync(dead, 0, CancellationToken.None))));

        Assert.That(answers.Where(a => a is not null), Is.EqualTo(new int?[] { 100 }));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2 AND attempt = 0 AND suspect AND worker IS NULL"), Is.EqualTo(100));
        Assert.That(await Ledger.CountAsync("attempts WHERE outcome = 'worker-lost'"), Is.EqualTo(100));
        Assert.That(await Ledger.ScalarAsync("SELECT sum(cardinality(task_ids)) FROM messaging.outbox"), Is.EqualTo(running.Length));
    }

    [Test]
    public async Task A_heartbeat_that_comes_in_between_saves_the_worker()
    {
        var alive = await Ledger.AddWorkerAsync();
        await Ledger.ClaimManyAsync(1, alive);
        await Ledger.ExecuteAsync("UPDATE messaging.workers SET beat = beat + 1");

        Assert.That(await Ledger.Rescuer.RescueAsync(alive, 0, CancellationToken.None), Is.Null);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 3"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("workers"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_rescue_against_late_finishes_leaves_each_task_ended_or_queued()
    {
        var slow = await Ledger.AddWorkerAsync();
        var running = await Ledger.ClaimManyAsync(300, slow);
        var finishes = running.Select(task => Task.Run(() => FinishAsync(task.Id, task.Claim.Fence))).ToArray();
        var rescue = Task.Run(() => Ledger.Rescuer.RescueAsync(slow, 0, CancellationToken.None));
        var answers = await Task.WhenAll(finishes);
        var rescued = await rescue;

        Assert.That(rescued, Is.EqualTo(answers.Count(a => a == FinishAnswer.ClaimLost)));
        Assert.That(await Ledger.CountAsync("outcomes"), Is.EqualTo(answers.Count(a => a == FinishAnswer.Recorded)));
        Assert.That(await Ledger.CountAsync("outcomes c JOIN messaging.open_tasks o ON o.id = c.task_id"), Is.Zero);

        // The ones that were rescued run elsewhere, and the first worker's word counts no more.
        var queued = running.Where((_, i) => answers[i] == FinishAnswer.ClaimLost).ToArray();
        foreach (var (id, claim) in queued)
        {
            var other = await Ledger.Claim.ClaimAsync(new ClaimRequest(id, new Fence(Guid.NewGuid(), 1)), CancellationToken.None);
            Assert.That(await FinishAsync(id, claim.Fence), Is.EqualTo(FinishAnswer.ClaimLost));
            Assert.That(await FinishAsync(id, other!.Fence), Is.EqualTo(FinishAnswer.Recorded));
        }

        Assert.That(await Ledger.CountAsync("outcomes"), Is.EqualTo(300));
    }

    [Test]
    public async Task A_task_called_off_while_its_worker_died_is_cancelled()
    {
        var dead = await Ledger.AddWorkerAsync();
        var (id, _) = (await Ledger.ClaimManyAsync(1, dead))[0];
        await Ledger.Cancel.CancelAsync(id, CancellationToken.None);

        Assert.That(await Ledger.Rescuer.RescueAsync(dead, 0, CancellationToken.None), Is.Zero);
        Assert.That(await Ledger.CountAsync($"outcomes WHERE task_id = '{id}' AND state = 6"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.Zero);
    }

    [Test]
    public async Task Claims_and_outbox_rows_of_an_instance_without_a_row_are_taken_over()
    {
        var vanished = Guid.NewGuid();
        await Ledger.ClaimManyAsync(5, vanished);
        await Ledger.ExecuteAsync($"UPDATE messaging.outbox SET owner = '{vanished}'");

        Assert.That(await Ledger.Rescuer.RescueOrphansAsync(CancellationToken.None), Is.EqualTo(5));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2"), Is.EqualTo(5));
        Assert.That(await Ledger.CountAsync("outbox WHERE owner IS NOT NULL"), Is.Zero);
    }

    private Task<FinishAnswer> FinishAsync(Guid id, Fence fence) =>
        Ledger.Finish.FinishAsync(new Ended(id, fence, 1, TaskState.Succeeded, "1"u8.ToArray(), null), CancellationToken.None).AsTask();
}
