using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Cancel;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Store;

public sealed class ClaimStageTests : LedgerTest
{
    [Test]
    public async Task Of_two_workers_that_claim_the_same_tasks_each_task_goes_to_one()
    {
        var ids = await Ledger.SubmitManyAsync(300);
        // Two processes have a stage each: their batches meet in the database, not in one writer.
        await using var otherStage = ActivatorUtilities.CreateInstance<ClaimStage>(Ledger.Services);
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        var claims = await Task.WhenAll(ids.SelectMany((id, i) => new[]
        {
            Task.Run(() => Claim(id, new Fence(one, i))),
            Task.Run(() => Claim(id, new Fence(other, i), otherStage)),
        }));

        var winners = claims.Where(c => c.Answer is not null).Select(c => c.Id).ToArray();
        Assert.That(winners, Has.Length.EqualTo(300));
        Assert.That(winners, Is.Unique);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 3 AND attempt = 1"), Is.EqualTo(300));
    }

    [Test]
    public async Task Claiming_again_with_the_same_fence_finds_the_same_claim()
    {
        var id = (await Ledger.SubmitManyAsync(1))[0];
        var fence = new Fence(Guid.NewGuid(), 7);
        var first = (await Claim(id, fence)).Answer;
        var again = (await Claim(id, fence)).Answer;

        Assert.That(first, Is.Not.Null);
        Assert.That(again, Is.EqualTo(first));
        Assert.That(again!.Attempt, Is.EqualTo(1));
    }

    [Test]
    public async Task A_copy_never_gets_a_task_that_is_finishing_or_has_finished()
    {
        var worker = Guid.NewGuid();
        var running = await Ledger.ClaimManyAsync(300, worker);
        var copies = Guid.NewGuid();
        var race = running.SelectMany((task, i) => new[]
        {
            FinishAsync(task.Id, task.Claim.Fence),
            ClaimedAsync(task.Id, new Fence(copies, i)),
        });
        var answers = await Task.WhenAll(race);
        var late = await Task.WhenAll(running.Select((task, i) => ClaimedAsync(task.Id, new Fence(copies, 1000 + i))));

        Assert.That(answers.Count(a => a == "recorded"), Is.EqualTo(300));
        Assert.That(answers.Concat(late), Has.None.EqualTo("claimed"));
        Assert.That(await Ledger.CountAsync("outcomes"), Is.EqualTo(300));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.Zero);

        async Task<string> FinishAsync(Guid id, Fence fence)
        {
            var answer = await Ledger.Finish.FinishAsync(new Ended(id, fence, 1, TaskState.Succeeded, "1"u8.ToArray(), null), CancellationToken.None);
            return answer == FinishAnswer.Recorded ? "recorded" : "refused";
        }

        async Task<string> ClaimedAsync(Guid id, Fence fence) => (await Claim(id, fence)).Answer is null ? "not to be had" : "claimed";
    }

    [Test]
    public async Task A_task_is_cancelled_or_claimed_but_never_both()
    {
        var ids = await Ledger.SubmitManyAsync(300);
        var worker = Guid.NewGuid();
        var cancels = ids.Select(id => Task.Run(() => Ledger.Cancel.CancelAsync(id, CancellationToken.None))).ToArray();
        var claims = ids.Select((id, i) => Task.Run(() => Claim(id, new Fence(worker, i)))).ToArray();
        await Task.WhenAll([.. cancels, .. claims]);

        for (var i = 0; i < ids.Length; i++)
        {
            var claimed = (await claims[i]).Answer is not null;
            Assert.That(await cancels[i], Is.EqualTo(claimed ? CancelAnswer.Requested : CancelAnswer.Cancelled), $"task {i}, claimed: {claimed}");
        }

        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 6") + await Ledger.CountAsync("open_tasks WHERE cancel_requested AND state = 3"), Is.EqualTo(300));
    }

    [Test]
    public async Task Claimed_together_each_task_is_answered_as_if_it_had_come_alone()
    {
        var ids = await Ledger.SubmitManyAsync(4);
        var (worker, other) = (Guid.NewGuid(), Guid.NewGuid());
        await Claim(ids[1], new Fence(other, 1));
        await Ledger.Cancel.CancelAsync(ids[2], CancellationToken.None);
        var answers = await Ledger.Claim.ClaimAsync(
            [new(ids[3], new Fence(worker, 1)), new(ids[2], new Fence(worker, 2)), new(ids[1], new Fence(worker, 3)), new(ids[0], new Fence(other, 4))],
            CancellationToken.None);

        Assert.That(answers.Select(a => a?.Fence), Is.EqualTo(new Fence?[] { new(worker, 1), null, null, new(other, 4) }));
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{ids[3]}' AND worker = '{worker}' AND claim_no = 1"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{ids[0]}' AND worker = '{other}' AND claim_no = 4"), Is.EqualTo(1));
    }

    [Test]
    public async Task Of_a_run_of_tasks_under_one_fence_only_what_is_not_to_be_had_is_refused()
    {
        var ids = await Ledger.SubmitManyAsync(100);
        var (fence, other) = (new Fence(Guid.NewGuid(), 1), new Fence(Guid.NewGuid(), 1));
        await Claim(ids[10], other);
        await Ledger.Cancel.CancelAsync(ids[20], CancellationToken.None);
        await Claim(ids[99], other);

        var answers = await ClaimTogether(ids, fence);
        var again = await ClaimTogether(ids, fence);

        int[] refused = [10, 20, 99];
        Assert.That(answers.Select((answer, i) => (answer, i)).Where(a => a.answer is null).Select(a => a.i), Is.EqualTo(refused));
        Assert.That(answers.OfType<Claimed>().Select(a => (a.Fence, a.Attempt, a.Revision, a.Losses)), Is.All.EqualTo((fence, 1, 0, 0)));
        Assert.That(again, Is.EqualTo(answers), "the same claims, found again");
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE worker = '{fence.Worker}' AND claim_no = 1 AND state = 3"), Is.EqualTo(97));
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE worker = '{other.Worker}'"), Is.EqualTo(2));
    }

    [Test]
    public async Task Between_the_ids_of_a_claim_nobody_elses_task_is_taken()
    {
        var ids = await Ledger.SubmitManyAsync(100);
        var fence = new Fence(Guid.NewGuid(), 1);
        var even = ids.Where((_, i) => i % 2 == 0).ToArray();

        Assert.That(await ClaimTogether(even, fence), Has.None.Null);

        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 3"), Is.EqualTo(50));
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE state = 3 AND id IN ('{string.Join("','", even)}')"), Is.EqualTo(50));
    }

    [Test]
    public async Task Of_two_copies_of_a_task_in_one_claim_one_is_granted()
    {
        var ids = await Ledger.SubmitManyAsync(5);
        var answers = await ClaimTogether([.. ids, ids[2], ids[3]], new Fence(Guid.NewGuid(), 1));

        Assert.That(answers.Where((_, i) => i is 0 or 1 or 4), Has.None.Null);
        Assert.That(new[] { answers[2], answers[5] }.Count(a => a is not null), Is.EqualTo(1));
        Assert.That(new[] { answers[3], answers[6] }.Count(a => a is not null), Is.EqualTo(1));
    }

    [Test]
    public async Task Tasks_of_a_run_that_are_not_alike_are_answered_each_with_its_own()
    {
        var ids = await Ledger.SubmitManyAsync(4);
        await Ledger.ExecuteAsync($"UPDATE messaging.open_tasks SET attempt = 2, revision = 5 WHERE id = '{ids[1]}'; UPDATE messaging.open_tasks SET suspect = true, losses = 3 WHERE id = '{ids[2]}'");

        var answers = await ClaimTogether(ids, new Fence(Guid.NewGuid(), 1));

        Assert.That(
            answers.Select(a => (a!.Attempt, a.Revision, a.Losses)),
            Is.EqualTo(new[] { (1, 0, 0), (3, 5, 0), (1, 0, 3), (1, 0, 0) }));
    }

    [Test]
    public async Task A_claim_finds_room_for_its_row_in_the_same_page()
    {
        // Else it would have to write into every index, and the ledger would do half as many.
        var ids = await Ledger.SubmitManyAsync(2_000);
        var worker = Guid.NewGuid();
        await Ledger.ExecuteAsync("CREATE TABLE public.before AS SELECT id, (ctid::text::point)[0] AS page FROM messaging.open_tasks");
        var claims = await Ledger.Claim.ClaimAsync([.. ids.Select((id, i) => new ClaimRequest(id, new Fence(worker, i)))], CancellationToken.None);

        Assert.That(claims, Has.None.Null);
        Assert.That(await Ledger.CountAsync("open_tasks o JOIN public.before b ON b.id = o.id AND b.page = (o.ctid::text::point)[0]"), Is.EqualTo(2_000));
    }

    private async Task<(Guid Id, Claimed? Answer)> Claim(Guid id, Fence fence, ClaimStage? stage = null) =>
        (id, await (stage ?? Ledger.Claim).ClaimAsync(new ClaimRequest(id, fence), CancellationToken.None));

    private async Task<Claimed?[]> ClaimTogether(Guid[] ids, Fence fence) =>
        await Ledger.Claim.ClaimAsync([.. ids.Select(id => new ClaimRequest(id, fence))], CancellationToken.None);
}
