using System.Text;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Read;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.DeadLetters;

public sealed class DeadLetterStageTests : DeadLetterTest
{
    private TaskReader Tasks => Ledger.Services.GetRequiredService<TaskReader>();

    [Test]
    public async Task A_retry_opens_the_task_anew_and_keeps_its_history()
    {
        var id = (await FailAsync(1))[0];

        Assert.That(await RetryAsync(id), Is.EqualTo(DeadLetterAnswer.Done));

        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{id}' AND state = 2 AND attempt = 0 AND revision = 0 AND NOT suspect"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("outcomes"), Is.Zero);
        Assert.That(await Ledger.CountAsync($"outbox WHERE owner IS NULL AND queue = 'default' AND task_ids = ARRAY['{id}'::uuid]"), Is.EqualTo(1));
        var attempts = await Tasks.AttemptsAsync(id, CancellationToken.None);
        Assert.That(attempts.Select(a => (a.Attempt, a.Outcome, a.Failure?.Message)), Is.EqualTo(new[] { (1, "failed", "It broke.") }));
    }

    [Test]
    public async Task A_retried_task_may_fail_again_and_be_retried_again()
    {
        var id = (await FailAsync(1))[0];
        for (var round = 1; round <= 2; round++)
        {
            await RetryAsync(id);
            var claim = (await Ledger.Claim.ClaimAsync(new ClaimRequest(id, new Fence(Guid.NewGuid(), 1)), CancellationToken.None))!;
            Assert.That(claim.Attempt, Is.EqualTo(1), "all attempts are allowed again");
            await Ledger.Finish.FinishAsync(new Ended(id, claim.Fence, 1, TaskState.Failed, null, Broken), CancellationToken.None);
        }

        Assert.That(await Tasks.AttemptsAsync(id, CancellationToken.None), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task Of_many_retries_at_once_one_wins()
    {
        foreach (var id in await FailAsync(10))
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(() => RetryAsync(id, n % 2 == 0 ? "{}" : null))));
            Assert.That(answers.Count(a => a == DeadLetterAnswer.Done), Is.EqualTo(1));
            Assert.That(answers.Count(a => a == DeadLetterAnswer.NotFailed), Is.EqualTo(5));
        }

        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2"), Is.EqualTo(10));
        Assert.That(await Ledger.CountAsync("outbox"), Is.EqualTo(10));
        Assert.That(await Ledger.CountAsync("task_revisions r JOIN messaging.open_tasks o ON o.id = r.task_id AND o.revision = r.revision"), Is.EqualTo(await Ledger.CountAsync("task_revisions")));
    }

    [Test]
    public async Task A_retry_against_a_discard_leaves_the_task_queued_or_was_refused()
    {
        foreach (var id in await FailAsync(20))
        {
            var discard = Task.Run(() => Stage.DiscardAsync(id, CancellationToken.None));
            var retry = Task.Run(() => RetryAsync(id));
            // Whichever comes first: a discarded dead letter may still be retried by name, a retried one is no dead letter any more.
            Assert.That(await retry, Is.EqualTo(DeadLetterAnswer.Done));
            Assert.That(await discard, Is.EqualTo(DeadLetterAnswer.Done).Or.EqualTo(DeadLetterAnswer.NotFailed));
        }

        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2"), Is.EqualTo(20));
        Assert.That(await Ledger.CountAsync("outcomes"), Is.Zero);
    }

    [Test]
    public async Task Only_what_is_failed_can_be_retried_or_discarded()
    {
        var open = (await Ledger.SubmitManyAsync(1))[0];
        var (succeeded, claim) = (await Ledger.ClaimManyAsync(1, Guid.NewGuid()))[0];
        await Ledger.Finish.FinishAsync(new Ended(succeeded, claim.Fence, 1, TaskState.Succeeded, "1"u8.ToArray(), null), CancellationToken.None);

        foreach (var id in new[] { open, succeeded })
        {
            Assert.That(await RetryAsync(id), Is.EqualTo(DeadLetterAnswer.NotFailed));
            Assert.That(await RetryAsync(id, "{}"), Is.EqualTo(DeadLetterAnswer.NotFailed));
            Assert.That(await Stage.DiscardAsync(id, CancellationToken.None), Is.EqualTo(DeadLetterAnswer.NotFailed));
        }

        Assert.That(await RetryAsync(Guid.NewGuid()), Is.EqualTo(DeadLetterAnswer.Unknown));
        Assert.That(await Stage.DiscardAsync(Guid.NewGuid(), CancellationToken.None), Is.EqualTo(DeadLetterAnswer.Unknown));
        Assert.That(await Ledger.CountAsync("task_revisions"), Is.Zero);
    }

    [Test]
    public async Task An_edited_input_is_what_runs_and_what_is_shown()
    {
        var id = (await FailAsync(1))[0];
        await RetryAsync(id, """{"message":"second"}""");
        var claim = (await Ledger.Claim.ClaimAsync(new ClaimRequest(id, new Fence(Guid.NewGuid(), 1)), CancellationToken.None))!;
        Assert.That(claim.Revision, Is.EqualTo(1), "a copy of revision 0 is read anew");
        var loaded = (await Ledger.Services.GetRequiredService<TaskContents>().LoadAsync([id], CancellationToken.None)).Single();
        Assert.That((loaded.Revision, Text(loaded.Input)), Is.EqualTo((1, """{"message":"second"}""")));

        await Ledger.Finish.FinishAsync(new Ended(id, claim.Fence, 1, TaskState.Failed, null, Broken), CancellationToken.None);
        await RetryAsync(id);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE revision = 1"), Is.EqualTo(1), "retried as it was last edited");
        Assert.That(Text((await Tasks.FindAsync(id, CancellationToken.None))!.Input!.Value), Is.EqualTo("""{"message":"second"}"""));
        Assert.That(await Ledger.ScalarAsync($"SELECT input FROM messaging.tasks WHERE id = '{id}'"), Is.EqualTo("""{"message":"hello"}"""), "what was asked first stays");
    }

    [Test]
    public async Task A_discarded_dead_letter_leaves_the_list_and_stays_readable()
    {
        var ids = await FailAsync(2);
        Assert.That(await Stage.DiscardAsync(ids[0], CancellationToken.None), Is.EqualTo(DeadLetterAnswer.Done));
        var discarded = (await Tasks.FindAsync(ids[0], CancellationToken.None))!;
        Assert.That(await Stage.DiscardAsync(ids[0], CancellationToken.None), Is.EqualTo(DeadLetterAnswer.Done), "again");

        Assert.That((discarded.State, discarded.Failure?.Message), Is.EqualTo((TaskState.Failed, "It broke.")));
        Assert.That((await Tasks.FindAsync(ids[0], CancellationToken.None))!.DiscardedAt, Is.EqualTo(discarded.DiscardedAt).And.Not.Null);
        Assert.That((await Search.ListAsync(new DeadLetterFilter(), null, 10, CancellationToken.None)).Items.Select(t => t.Id), Is.EqualTo(new[] { ids[1] }));
    }

    [Test]
    public async Task A_task_that_lost_its_workers_is_retried_as_a_suspect()
    {
        var id = (await FailAsync(1, new TaskFailure(FailureCodes.WorkerLost, "Its worker died 3 times.", false)))[0];
        await RetryAsync(id);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE suspect"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_failure_written_without_a_fingerprint_gets_one_by_kind_and_code()
    {
        var ids = await FailAsync(2, Broken with { Message = "\0 \\u0000 bad" });
        await FailAsync(1, Broken with { Code = "other" });
        await FailAsync(1, fingerprint: "0123456789abcdef");
        await Ledger.ExecuteAsync("INSERT INTO messaging.outcomes (task_id, attempt, state) VALUES ('" + Ledger.Clock.NewId() + "', 1, 5)");

        Assert.That(await Ledger.ScalarAsync("SELECT count(DISTINCT fingerprint) FROM messaging.outcomes"), Is.EqualTo(4));
        Assert.That(await Ledger.CountAsync("outcomes WHERE fingerprint ~ '^[0-9a-f]{16}$'"), Is.EqualTo(5));
        Assert.That(
            await Ledger.ScalarAsync($"SELECT fingerprint = messaging.fingerprint('debug.echo', 'handler-error') FROM messaging.outcomes WHERE task_id = '{ids[0]}'"), Is.True);
    }

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
