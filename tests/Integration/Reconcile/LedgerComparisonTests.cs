using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;

namespace Messaging.Tests.Integration.Reconcile;

public sealed class LedgerComparisonTests : ReconcileTest
{
    protected override Dictionary<string, string?> Settings => new() { ["PageSize"] = "10", ["PagesPerCheck"] = "2" };

    [Test]
    public async Task A_ledger_in_order_is_counted_and_left_alone()
    {
        var ids = await SubmitEarlierAsync(12);
        await SubmitEarlierAsync(3, TimeSpan.FromHours(1));
        await EndAsync(ids[0]);

        var report = await CheckAsync();

        Assert.Multiple(() =>
        {
            Assert.That(report.CheckedAt, Is.Not.Null);
            Assert.That((report.Accepted, report.Ended, report.Unaccounted), Is.EqualTo((15, 1, 0)));
            Assert.That((report.Scheduled, report.Waiting, report.Queued, report.Running), Is.EqualTo((3, 0, 11, 0)));
            Assert.That(report.Repairs, Is.Empty);
            Assert.That(report.OutboxRows, Is.Positive);
        });
    }

    [Test]
    public async Task Pages_follow_each_other_until_every_task_was_looked_at_once()
    {
        await SubmitEarlierAsync(45);

        var seen = new List<long>();
        for (var i = 0; i < 4; i++)
            seen.Add((await CheckAsync()).Accepted);

        Assert.That(seen, Is.EqualTo(new long[] { 20, 40, 45, 45 }));
    }

    [Test]
    public async Task A_task_that_has_vanished_is_unaccounted_until_it_turns_up()
    {
        var ids = await SubmitEarlierAsync(15);
        await Ledger.ExecuteAsync($"DELETE FROM messaging.open_tasks WHERE id = '{ids[4]}'");

        var found = await CheckAsync();
        await Ledger.ExecuteAsync($"INSERT INTO messaging.open_tasks (id, queue, state) VALUES ('{ids[4]}', 'default', 2)");
        var again = await CheckAsync();

        Assert.That((found.Unaccounted, found.Ended), Is.EqualTo((1, 0)));
        Assert.That((again.Unaccounted, again.Ended), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task What_vanishes_later_is_found_by_the_second_look()
    {
        var ids = await SubmitEarlierAsync(35);
        for (var i = 0; i < 4; i++)
            Assert.That((await CheckAsync()).Unaccounted, Is.Zero);

        await Ledger.ExecuteAsync($"DELETE FROM messaging.open_tasks WHERE id = '{ids.Max()}'");
        var found = 0L;
        for (var i = 0; i < 5; i++)
            found = (await CheckAsync()).Unaccounted;

        Assert.That(found, Is.EqualTo(1));
    }

    [Test]
    public async Task Open_and_ended_at_once_the_outcome_stands()
    {
        var ids = await SubmitEarlierAsync(3);
        await EndAsync(ids[1]);
        await Ledger.ExecuteAsync($"INSERT INTO messaging.open_tasks (id, queue, state) VALUES ('{ids[1]}', 'default', 2)");

        var report = await CheckAsync();

        Assert.That(report.Repairs, Is.EqualTo(new Dictionary<string, long> { [RepairSorts.EndedButOpen] = 1 }));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.EqualTo(2));
        Assert.That(await Ledger.CountAsync($"outcomes WHERE task_id = '{ids[1]}'"), Is.EqualTo(1));
        Assert.That((await CheckAsync()).Unaccounted, Is.Zero);
    }

    [Test]
    public async Task Claims_of_workers_that_do_not_exist_are_queued_after_a_minute()
    {
        await Ledger.ClaimManyAsync(4, Guid.NewGuid());
        var young = await CheckAsync();
        await Ledger.ExecuteAsync("UPDATE messaging.open_tasks SET claimed_at = now() - interval '2 minutes'");

        var old = await CheckAsync();

        Assert.That((young.Orphans, young.Repairs.Count), Is.EqualTo((0, 0)));
        Assert.That(old.Orphans, Is.EqualTo(4));
        Assert.That(old.Repairs, Is.EqualTo(new Dictionary<string, long> { [RepairSorts.OrphanClaim] = 4 }));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2"), Is.EqualTo(4));
    }

    [Test]
    public async Task What_is_overdue_although_promoters_run_is_queued()
    {
        await SubmitEarlierAsync(700, TimeSpan.FromHours(1));
        await Ledger.ExecuteAsync("UPDATE messaging.open_tasks SET due_at = now() - interval '2 minutes'");

        var report = await CheckAsync();

        Assert.That(report.Overdue, Is.EqualTo(700));
        Assert.That(report.Repairs, Is.EqualTo(new Dictionary<string, long> { [RepairSorts.Overdue] = 700 }));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2"), Is.EqualTo(700));
    }

    [Test]
    public async Task Two_checks_at_once_count_each_task_once()
    {
        await SubmitEarlierAsync(15);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Reconciler.CheckAsync(CancellationToken.None))));

        Assert.That((await CheckAsync()).Accepted, Is.EqualTo(15));
    }

    private async Task EndAsync(Guid id)
    {
        var fence = new Fence(await Ledger.AddWorkerAsync(), 1);
        await Ledger.Claim.ClaimAsync(new ClaimRequest(id, fence), CancellationToken.None);
        await Ledger.Finish.FinishAsync(new Ended(id, fence, 1, TaskState.Succeeded, "1"u8.ToArray(), null), CancellationToken.None);
    }
}
