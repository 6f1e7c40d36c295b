using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Cancel;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;
using Npgsql;

namespace Messaging.Tests.Integration.Store;

public sealed class FinishStageTests : LedgerTest
{
    private static readonly TaskFailure Broken = new(FailureCodes.HandlerError, "It broke.", true);

    [Test]
    public async Task A_result_is_recorded_once_and_saying_it_again_changes_nothing()
    {
        var (id, claim) = (await Ledger.ClaimManyAsync(1, Guid.NewGuid()))[0];
        var finish = new Ended(id, claim.Fence, 1, TaskState.Succeeded, """{"n":1}"""u8.ToArray(), null);

        Assert.That(await FinishAsync(finish), Is.EqualTo(FinishAnswer.Recorded));
        Assert.That(await FinishAsync(finish with { Result = """{"n":2}"""u8.ToArray() }), Is.EqualTo(FinishAnswer.Recorded), "its own fence: a lost answer");
        Assert.That(await FinishAsync(finish with { Fence = new Fence(Guid.NewGuid(), 1) }), Is.EqualTo(FinishAnswer.ClaimLost));
        Assert.That(await Ledger.ScalarAsync("SELECT result FROM messaging.outcomes"), Is.EqualTo("""{"n":1}"""));
        Assert.That(await Ledger.CountAsync("attempts"), Is.Zero, "it simply succeeded");
    }

    [Test]
    public async Task One_bad_item_among_500_finishes_fails_alone()
    {
        var running = await Ledger.ClaimManyAsync(500, Guid.NewGuid());
        var answers = running.Select((task, i) => FinishAsync(new Ended(
            task.Id, task.Claim.Fence, 1, TaskState.Succeeded, i == 123 ? new byte[] { 0xC3 } : "1"u8.ToArray(), null))).ToArray();
        await Task.WhenAll(answers.Select(a => a.ContinueWith(_ => { }, TaskScheduler.Default)));

        Assert.That(answers.Select((a, i) => (a.IsFaulted, i)).Where(a => a.IsFaulted).Select(a => a.i), Is.EqualTo(new[] { 123 }));
        Assert.That(answers[123].Exception!.InnerException, Is.InstanceOf<PostgresException>());
        Assert.That(await Ledger.CountAsync("outcomes"), Is.EqualTo(499));
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{running[123].Id}' AND state = 3"), Is.EqualTo(1));
    }

    [Test]
    public async Task Among_many_successes_only_those_that_lost_their_claim_are_told_so()
    {
        var running = await Ledger.ClaimManyAsync(300, Guid.NewGuid());
        var stranger = Guid.NewGuid();
        var answers = await Task.WhenAll(running.Select((task, i) => FinishAsync(new Ended(
            task.Id, i % 50 == 7 ? new Fence(stranger, i) : task.Claim.Fence, 1, TaskState.Succeeded, "1"u8.ToArray(), null))));

        Assert.That(
            answers.Select((answer, i) => (answer, i)).Where(a => a.answer != FinishAnswer.Recorded),
            Is.EqualTo(new[] { 7, 57, 107, 157, 207, 257 }.Select(i => (FinishAnswer.ClaimLost, i))));
        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(294));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 3"), Is.EqualTo(6));
    }

    [Test]
    public async Task A_retry_waits_for_its_time_keeps_the_attempt_and_writes_history()
    {
        var (id, claim) = (await Ledger.ClaimManyAsync(1, Guid.NewGuid()))[0];
        Assert.That(await FinishAsync(new RetryLater(id, claim.Fence, 1, TimeSpan.FromMinutes(1), Broken)), Is.EqualTo(FinishAnswer.Recorded));

        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 0 AND attempt = 1 AND worker IS NULL AND due_at > now() + interval '50 seconds'"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("attempts WHERE attempt = 1 AND outcome = 'failed' AND failure LIKE '%It broke.%'"), Is.EqualTo(1));
    }

    [Test]
    public async Task Handing_back_spends_no_attempt_and_goes_round_again()
    {
        var claims = await Ledger.ClaimManyAsync(2, Guid.NewGuid());
        await Ledger.ExecuteAsync("DELETE FROM messaging.outbox");
        await FinishAsync(new HandedBack(claims[0].Id, claims[0].Claim.Fence, 1, TimeSpan.Zero));
        await FinishAsync(new HandedBack(claims[1].Id, claims[1].Claim.Fence, 1, TimeSpan.FromSeconds(5)));

        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{claims[0].Id}' AND state = 2 AND attempt = 0"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{claims[1].Id}' AND state = 0 AND attempt = 0"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync($"outbox WHERE owner IS NULL AND task_ids = ARRAY['{claims[0].Id}'::uuid]"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("outbox"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_retry_of_a_task_called_off_is_told_so()
    {
        var (id, claim) = (await Ledger.ClaimManyAsync(1, Guid.NewGuid()))[0];
        Assert.That(await Ledger.Cancel.CancelAsync(id, CancellationToken.None), Is.EqualTo(CancelAnswer.Requested));

        Assert.That(await FinishAsync(new RetryLater(id, claim.Fence, 1, TimeSpan.Zero, Broken)), Is.EqualTo(FinishAnswer.CancelRequested));
        Assert.That(await FinishAsync(new HandedBack(id, claim.Fence, 1, TimeSpan.Zero)), Is.EqualTo(FinishAnswer.CancelRequested));
        Assert.That(await FinishAsync(new Ended(id, claim.Fence, 1, TaskState.Cancelled, null, Broken)), Is.EqualTo(FinishAnswer.Recorded));
        Assert.That(await Ledger.Cancel.CancelAsync(id, CancellationToken.None), Is.EqualTo(CancelAnswer.AlreadyEnded));
    }

    [Test]
    public async Task A_claim_lost_by_the_database_is_refused_and_the_task_goes_round_again()
    {
        var (id, claim) = (await Ledger.ClaimManyAsync(1, Guid.NewGuid()))[0];
        // What an asynchronous commit lost in a crash looks like.
        await Ledger.ExecuteAsync("UPDATE messaging.open_tasks SET state = 2, worker = NULL, claim_no = NULL, claimed_at = NULL, attempt = 0");
        await Ledger.ExecuteAsync("DELETE FROM messaging.outbox");

        Assert.That(await FinishAsync(new Ended(id, claim.Fence, 1, TaskState.Succeeded, "1"u8.ToArray(), null)), Is.EqualTo(FinishAnswer.ClaimLost));
        Assert.That(await Ledger.CountAsync($"outbox WHERE task_ids = ARRAY['{id}'::uuid]"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("outcomes"), Is.Zero);
    }

    [Test]
    public async Task Failing_for_good_leaves_the_failure_in_outcome_and_history()
    {
        var (id, claim) = (await Ledger.ClaimManyAsync(1, Guid.NewGuid()))[0];
        await FinishAsync(new Ended(id, claim.Fence, 1, TaskState.Failed, null, Broken with { Message = "bad \0 \uD800 text" }));

        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 5 AND failure LIKE '%\"code\":\"handler-error\"%' AND started_at IS NOT NULL"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("attempts WHERE outcome = 'failed'"), Is.EqualTo(1));
    }

    private Task<FinishAnswer> FinishAsync(Finish finish) => Ledger.Finish.FinishAsync(finish, CancellationToken.None).AsTask();
}
