using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;
using Npgsql;

namespace Messaging.Tests.Integration.Store;

/// <summary>Successes as a worker says them, with the start that its claim's answer gave: taken away by runs, recorded all or, if that fails, one by one.</summary>
public sealed class FinishTogetherTests : LedgerTest
{
    [Test]
    public async Task The_outcomes_say_what_the_claims_said()
    {
        var running = await ClaimTogetherAsync(500);
        await Ledger.ExecuteAsync("CREATE TABLE public.before AS SELECT id, worker, claim_no, claimed_at, attempt FROM messaging.open_tasks");

        var answers = await FinishAsync(running);

        Assert.That(answers, Is.All.EqualTo(FinishAnswer.Recorded));
        Assert.That(
            await Ledger.CountAsync(
                """
                outcomes c JOIN public.before b ON b.id = c.task_id
                WHERE c.worker = b.worker AND c.claim_no = b.claim_no AND c.started_at = b.claimed_at AND c.attempt = b.attempt
                  AND c.state = 4 AND c.finished_at >= c.started_at
                """),
            Is.EqualTo(500));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.Zero);
        for (var i = 0; i < running.Length; i += 77)
            Assert.That(await Ledger.ScalarAsync($"SELECT result FROM messaging.outcomes WHERE task_id = '{running[i].Id}'"), Is.EqualTo($"{i}"));
    }

    [Test]
    public async Task What_was_lost_meanwhile_is_refused_and_the_others_are_recorded()
    {
        var running = await ClaimTogetherAsync(300);
        var (lost, off, done) = (running[7], running[150], running[299]);
        await Ledger.ExecuteAsync($"UPDATE messaging.open_tasks SET worker = '{Guid.NewGuid()}' WHERE id = '{lost.Id}'");
        await Ledger.Cancel.CancelAsync(off.Id, CancellationToken.None);
        await FinishAsync([done]);

        var answers = await FinishAsync(running);

        Assert.That(answers.Select((answer, i) => (answer, i)).Where(a => a.answer != FinishAnswer.Recorded), Is.EqualTo(new[] { (FinishAnswer.ClaimLost, 7) }));
        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(299), "one that was called off may still succeed");
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{lost.Id}' AND state = 3"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.EqualTo(1));
    }

    [Test]
    public async Task Said_again_all_are_found_recorded_and_nothing_is_written_twice()
    {
        var running = await ClaimTogetherAsync(100);
        await FinishAsync(running);

        Assert.That(await FinishAsync(running), Is.All.EqualTo(FinishAnswer.Recorded));
        Assert.That(await Ledger.CountAsync("outcomes"), Is.EqualTo(100));
    }

    [Test]
    public async Task With_retries_and_hand_backs_beside_it_a_success_that_was_lost_undoes_none_of_them()
    {
        var running = await ClaimTogetherAsync(40);
        await Ledger.ExecuteAsync($"UPDATE messaging.open_tasks SET claim_no = 99 WHERE id = '{running[0].Id}'");
        var failure = new TaskFailure(FailureCodes.HandlerError, "It broke.", true);

        var answers = await Task.WhenAll(running.Select((task, i) => SayAsync((i % 4) switch
        {
            0 => Success(task, i),
            1 => new RetryLater(task.Id, task.Claim.Fence, 1, TimeSpan.FromMinutes(1), failure),
            2 => new HandedBack(task.Id, task.Claim.Fence, 1, TimeSpan.FromMinutes(1)),
            _ => new Ended(task.Id, task.Claim.Fence, 1, TaskState.Failed, null, failure),
        })));

        Assert.That(answers.Count(a => a == FinishAnswer.Recorded), Is.EqualTo(39));
        Assert.That(answers[0], Is.EqualTo(FinishAnswer.ClaimLost));
        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(9));
        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 5"), Is.EqualTo(10));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 0"), Is.EqualTo(20));
        Assert.That(await Ledger.CountAsync("attempts"), Is.EqualTo(20), "ten retries, ten failures, each once");
    }

    [Test]
    public async Task A_result_that_cant_be_stored_fails_alone()
    {
        var running = await ClaimTogetherAsync(100);
        var answers = running.Select((task, i) => SayAsync(Success(task, i) with { Result = i == 42 ? new byte[] { 0xC3 } : "1"u8.ToArray() })).ToArray();
        await Task.WhenAll(answers.Select(a => a.ContinueWith(_ => { }, TaskScheduler.Default)));

        Assert.That(answers.Select((a, i) => (a.IsFaulted, i)).Where(a => a.IsFaulted).Select(a => a.i), Is.EqualTo(new[] { 42 }));
        Assert.That(answers[42].Exception!.InnerException, Is.InstanceOf<PostgresException>());
        Assert.That(await Ledger.CountAsync("outcomes"), Is.EqualTo(99));
    }

    private async Task<(Guid Id, Claimed Claim)[]> ClaimTogetherAsync(int count)
    {
        var ids = await Ledger.SubmitManyAsync(count);
        var fence = new Fence(Guid.NewGuid(), 1);
        var claims = await Ledger.Claim.ClaimAsync([.. ids.Select(id => new ClaimRequest(id, fence))], CancellationToken.None);
        return [.. ids.Zip(claims, (id, claim) => (id, claim!))];
    }

    private static Ended Success((Guid Id, Claimed Claim) task, int i) =>
        new(task.Id, task.Claim.Fence, task.Claim.Attempt, TaskState.Succeeded, System.Text.Encoding.UTF8.GetBytes($"{i}"), null) { StartedAt = task.Claim.ClaimedAt };

    private Task<FinishAnswer[]> FinishAsync((Guid Id, Claimed Claim)[] tasks) => Task.WhenAll(tasks.Select((task, i) => SayAsync(Success(task, i))));

    private Task<FinishAnswer> SayAsync(Finish finish) => Ledger.Finish.FinishAsync(finish, CancellationToken.None).AsTask();
}
