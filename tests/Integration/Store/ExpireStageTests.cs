using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Expire;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Submit;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Store;

public sealed class ExpireStageTests : LedgerTest
{
    private static readonly TaskFailure Broken = new(FailureCodes.HandlerError, "It broke.", true);

    private ExpireStage Expire => Ledger.Services.GetRequiredService<ExpireStage>();

    [Test]
    public async Task What_has_not_started_by_its_deadline_expires_and_the_rest_stays()
    {
        var queued = await SubmitAsync(TimeSpan.FromMinutes(-1));
        var scheduled = await SubmitAsync(TimeSpan.FromMinutes(-1), delay: TimeSpan.FromHours(1));
        var waiting = await SubmitAsync(TimeSpan.FromMinutes(-1));
        await Ledger.ExecuteAsync($"UPDATE messaging.open_tasks SET state = 1 WHERE id = '{waiting}'");
        var running = await SubmitAsync(TimeSpan.FromMinutes(1));
        await ClaimAsync(running);
        await Ledger.ExecuteAsync($"UPDATE messaging.open_tasks SET deadline_at = now() - interval '1 minute' WHERE id = '{running}'");
        await SubmitAsync(TimeSpan.FromMinutes(1));
        await SubmitAsync(deadline: null);

        Assert.That(await Expire.SweepAsync(CancellationToken.None), Is.EqualTo(3));

        Assert.That(await Ledger.CountAsync("open_tasks"), Is.EqualTo(3));
        Assert.That(
            await Ledger.ScalarAsync("SELECT array_agg(task_id ORDER BY task_id) FROM messaging.outcomes WHERE state = 7 AND failure LIKE '%\"deadline-passed\"%'"),
            Is.EquivalentTo(new[] { queued, scheduled, waiting }));
        Assert.That(await Expire.SweepAsync(CancellationToken.None), Is.Zero, "what runs may end after its deadline");
    }

    [Test]
    public async Task A_claim_after_the_deadline_is_refused_and_ends_the_task()
    {
        var late = await SubmitAsync(TimeSpan.FromMinutes(-1));
        var inTime = await SubmitAsync(TimeSpan.FromMinutes(1));

        Assert.That(await ClaimAsync(late), Is.Null);
        Assert.That(await ClaimAsync(inTime), Is.Not.Null);
        Assert.That(await Ledger.CountAsync($"outcomes WHERE task_id = '{late}' AND state = 7 AND attempt = 0"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 3"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_claim_that_is_found_again_after_the_deadline_is_still_ours()
    {
        var id = await SubmitAsync(TimeSpan.FromMinutes(1));
        var fence = new Fence(Guid.NewGuid(), 1);
        var first = await Ledger.Claim.ClaimAsync(new ClaimRequest(id, fence), CancellationToken.None);
        await Ledger.ExecuteAsync("UPDATE messaging.open_tasks SET deadline_at = now() - interval '1 minute'");

        Assert.That(await Ledger.Claim.ClaimAsync(new ClaimRequest(id, fence), CancellationToken.None), Is.EqualTo(first));
        Assert.That(await FinishAsync(new Ended(id, fence, 1, TaskState.Succeeded, "1"u8.ToArray(), null)), Is.EqualTo(FinishAnswer.Recorded));
    }

    [Test]
    public async Task A_task_starts_or_expires_but_never_both()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => SubmitAsync(TimeSpan.FromHours(1))));
        // Half of them pass their deadline while claims and sweeps are under way.
        await Ledger.ExecuteAsync("UPDATE messaging.open_tasks SET deadline_at = now() + random() * interval '200 milliseconds'");

        var sweeps = Task.Run(async () =>
        {
            var swept = 0;
            while (await Ledger.CountAsync("open_tasks WHERE state = 2") > 0)
                swept += (await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Expire.SweepAsync(CancellationToken.None)))).Sum();
            return swept;
        });
        var claims = new List<bool>();
        foreach (var chunk in ids.Chunk(20))
            claims.AddRange((await Task.WhenAll(chunk.Select(ClaimAsync))).Select(claim => claim is not null));
        await sweeps;

        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 3"), Is.EqualTo(claims.Count(claimed => claimed)));
        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 7"), Is.EqualTo(claims.Count(claimed => !claimed)));
        Assert.That(await Ledger.CountAsync("outcomes o JOIN messaging.open_tasks t ON t.id = o.task_id"), Is.Zero);
    }

    [Test]
    public async Task A_retry_that_would_come_after_the_deadline_is_refused_and_a_snooze_is_not()
    {
        var id = await SubmitAsync(TimeSpan.FromMinutes(1));
        var first = await ClaimAsync(id);
        var tooLate = await FinishAsync(new RetryLater(id, first!.Fence, 1, TimeSpan.FromSeconds(61), Broken));
        var inTime = await FinishAsync(new RetryLater(id, first.Fence, 1, TimeSpan.FromSeconds(30), Broken));
        await Ledger.ExecuteAsync("UPDATE messaging.open_tasks SET state = 2, due_at = NULL");
        var second = await ClaimAsync(id);
        var snooze = await FinishAsync(new Snoozed(id, second!.Fence, 2, TimeSpan.FromHours(1)));

        Assert.That((tooLate, inTime, snooze), Is.EqualTo((FinishAnswer.PastDeadline, FinishAnswer.Recorded, FinishAnswer.Recorded)));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 0 AND attempt = 1"), Is.EqualTo(1));
        Assert.That(await Ledger.ScalarAsync("SELECT string_agg(outcome, ',' ORDER BY claim_no, finished_at) FROM messaging.attempts"), Is.EqualTo("failed,snoozed"));
    }

    [Test]
    public async Task The_sweep_walks_the_index_of_deadlines()
    {
        await Ledger.ExecuteAsync("""
            INSERT INTO messaging.open_tasks (id, queue, state, deadline_at)
            SELECT gen_random_uuid(), 'default', 2, CASE WHEN n % 100 = 0 THEN now() + n * interval '1 minute' END FROM generate_series(1, 50000) n
            """);
        await Ledger.ExecuteAsync("ANALYZE messaging.open_tasks");
        var sweep = ExpireSql.Sweep.Replace("$1", "'{}'", StringComparison.Ordinal).Replace("$2", "500", StringComparison.Ordinal);

        var plan = (string)(await Ledger.ScalarAsync($"EXPLAIN (FORMAT JSON) {sweep}"))!;

        Assert.That(plan, Does.Contain("open_tasks_deadline"));
        Assert.That(plan, Does.Not.Contain("Seq Scan"));
    }

    private async Task<Guid> SubmitAsync(TimeSpan? deadline, TimeSpan? delay = null)
    {
        NewTask task = Ledger.NewTask(delay: delay) with { Deadline = Ledger.Clock.Now + deadline };
        await Ledger.Submit.SubmitAsync(task, CancellationToken.None);
        return task.Id;
    }

    private Task<Claimed?> ClaimAsync(Guid id) =>
        Ledger.Claim.ClaimAsync(new ClaimRequest(id, new Fence(Guid.NewGuid(), 1)), CancellationToken.None).AsTask();

    private Task<FinishAnswer> FinishAsync(Finish finish) => Ledger.Finish.FinishAsync(finish, CancellationToken.None).AsTask();
}
