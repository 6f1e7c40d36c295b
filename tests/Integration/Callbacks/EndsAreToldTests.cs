using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Infrastructure.Store.Expire;
using Messaging.Infrastructure.Store.Finish;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Callbacks;

/// <summary>
/// However a task ends, and whichever statement writes that: in the same transaction there is a task that tells of it, if somebody wants to be told.
/// </summary>
public sealed class EndsAreToldTests : CallbackTest
{
    [TestCase(TaskState.Succeeded, false)]
    [TestCase(TaskState.Failed, true)]
    [TestCase(TaskState.Cancelled, true)]
    public async Task By_its_worker(TaskState state, bool hasFailure)
    {
        var told = await SubmitAsync(Told());
        var silent = await SubmitAsync(Ledger.NewTask());

        await EndAsync(told, state);
        await EndAsync(silent, state);

        await AssertToldAsync(told, state, attempt: 1, hasFailure);
        Assert.That(await ToldOfAsync(silent), Is.Empty);
    }

    [Test]
    public async Task By_its_handlers_own_transaction_or_not_at_all()
    {
        var id = await SubmitAsync(Told());
        var claimed = await ClaimAsync(id, await Ledger.AddWorkerAsync());
        var transactions = Ledger.Services.GetRequiredService<HandlerTransactions>();
        await using (var givenUp = await transactions.BeginAsync(CancellationToken.None))
        {
            // Disposed of without a finish: rolled back.
        }

        Assert.That(await ToldOfAsync(id), Is.Empty);
        await using (var transaction = await transactions.BeginAsync(CancellationToken.None))
            Assert.That(await transaction.TryFinishAsync(Ended(id, claimed, TaskState.Succeeded), CancellationToken.None), Is.True);

        await AssertToldAsync(id, TaskState.Succeeded, attempt: 1, hasFailure: false);
    }

    [Test]
    public async Task By_a_person_who_calls_it_off_before_it_starts()
    {
        var queued = await SubmitAsync(Told());
        var scheduled = await SubmitAsync(Told(delay: TimeSpan.FromHours(1)));

        await Ledger.Cancel.CancelAsync(queued, CancellationToken.None);
        await Ledger.Cancel.CancelAsync(scheduled, CancellationToken.None);

        await AssertToldAsync(queued, TaskState.Cancelled, attempt: 0, hasFailure: true);
        await AssertToldAsync(scheduled, TaskState.Cancelled, attempt: 0, hasFailure: true);
    }

    [Test]
    public async Task By_its_deadline()
    {
        var swept = await SubmitAsync(Told() with { Deadline = Ledger.Clock.Now.AddSeconds(-1) });
        await Ledger.Services.GetRequiredService<ExpireStage>().SweepAsync(CancellationToken.None);
        var refused = await SubmitAsync(Told() with { Deadline = Ledger.Clock.Now.AddSeconds(-1) });
        Assert.That(await Ledger.Claim.ClaimAsync(new ClaimRequest(refused, new Fence(await Ledger.AddWorkerAsync(), 1)), CancellationToken.None), Is.Null);

        await AssertToldAsync(swept, TaskState.Expired, attempt: 0, hasFailure: true);
        await AssertToldAsync(refused, TaskState.Expired, attempt: 0, hasFailure: true);
    }

    [Test]
    public async Task By_whoever_takes_over_from_a_worker_that_died()
    {
        var poison = await SubmitAsync(Told());
        for (var death = 0; death <= RescueSql.Charges; death++)
            await DieWithAsync(poison, cancel: false);
        var calledOff = await SubmitAsync(Told());
        await DieWithAsync(calledOff, cancel: true);

        await AssertToldAsync(poison, TaskState.Failed, attempt: 1, hasFailure: true);
        await AssertToldAsync(calledOff, TaskState.Cancelled, attempt: 1, hasFailure: true);
    }

    [Test]
    public async Task Each_time_anew_when_a_person_has_a_dead_letter_run_again()
    {
        var id = await SubmitAsync(Told());
        await EndAsync(id, TaskState.Failed);
        await Ledger.Services.GetRequiredService<DeadLetterStage>().RetryAsync(id, null, CancellationToken.None);
        await EndAsync(id);

        var told = await ToldOfAsync(id);
        Assert.That(told.Select(t => t.Event), Is.EqualTo([TaskState.Failed, TaskState.Succeeded]));
        Assert.That(told[0].Message, Is.Not.EqualTo(told[1].Message), "two events");
        Assert.That(told[0].Open, Is.EqualTo(1), "what was to be told of the first end still is");
    }

    [Test]
    public async Task Not_by_an_attempt_a_retry_a_snooze_or_a_hand_back()
    {
        var id = await SubmitAsync(Told());
        var worker = await Ledger.AddWorkerAsync();
        var first = await ClaimAsync(id, worker);
        await Ledger.Finish.FinishAsync(new RetryLater(id, first.Fence, 1, TimeSpan.Zero, new TaskFailure("x", "x", true)), CancellationToken.None);
        await Ledger.ExecuteAsync("UPDATE messaging.open_tasks SET state = 2, due_at = NULL");
        var second = await ClaimAsync(id, worker);
        await Ledger.Finish.FinishAsync(new HandedBack(id, second.Fence, 2, TimeSpan.Zero), CancellationToken.None);
        Assert.That(await ToldOfAsync(id), Is.Empty);
    }

    [Test]
    public async Task Of_a_callback_nobody_is_told()
    {
        var id = await SubmitAsync(Told());
        await EndAsync(id);
        var delivery = (await ToldOfAsync(id)).Single().Delivery;

        await EndAsync(delivery);

        Assert.That(await Ledger.CountAsync("callback_deliveries"), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.Zero);
    }

    [TestCase(CallbackEvents.Failed, TaskState.Succeeded, 0)]
    [TestCase(CallbackEvents.Failed, TaskState.Failed, 1)]
    [TestCase(CallbackEvents.Succeeded | CallbackEvents.Cancelled, TaskState.Cancelled, 1)]
    [TestCase(CallbackEvents.Succeeded | CallbackEvents.Cancelled, TaskState.Failed, 0)]
    public async Task Only_of_the_ends_that_are_wanted(CallbackEvents events, TaskState state, int times)
    {
        var id = await SubmitAsync(Told(events));
        await EndAsync(id, state);
        Assert.That(await ToldOfAsync(id), Has.Count.EqualTo(times));
    }

    [TestCase(null, TaskState.Succeeded, 0)]
    [TestCase(null, TaskState.Failed, 1)]
    [TestCase(CallbackEvents.Succeeded, TaskState.Succeeded, 1)]
    [TestCase(CallbackEvents.Succeeded, TaskState.Failed, 0)]
    public async Task An_endpoint_says_of_which_ends_it_is_told_unless_the_task_does(CallbackEvents? events, TaskState state, int times)
    {
        await Ledger.ExecuteAsync("INSERT INTO messaging.callback_endpoints (name, url, events) VALUES ('orders', 'https://example.com/', 2)");
        var id = await SubmitAsync(Told(events, endpoint: "orders"));
        await EndAsync(id, state);
        Assert.That(await ToldOfAsync(id), Has.Count.EqualTo(times));
    }

    [Test]
    public async Task An_endpoint_that_is_gone_by_then_still_gives_a_callback_which_can_fail_and_be_seen()
    {
        var id = await SubmitAsync(Told(endpoint: "never-was"));
        await EndAsync(id);
        Assert.That(await ToldOfAsync(id), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Of_500_that_end_in_one_batch_each_is_told_once_and_those_without_a_callback_are_not()
    {
        var worker = await Ledger.AddWorkerAsync();
        var tasks = Enumerable.Range(0, 1_000).Select(i => i % 2 == 0 ? Told() : Ledger.NewTask()).ToArray();
        await Task.WhenAll(tasks.Select(SubmitAsync));
        var claims = await Task.WhenAll(tasks.Select(async t => (t.Id, Claim: await ClaimAsync(t.Id, worker))));
        await Task.WhenAll(claims.Select(c => Ledger.Finish.FinishAsync(Ended(c.Id, c.Claim, TaskState.Succeeded), CancellationToken.None).AsTask()));

        Assert.That(await Ledger.CountAsync("callback_deliveries d JOIN messaging.task_callbacks USING (task_id)"), Is.EqualTo(500));
        Assert.That(await Ledger.CountAsync("callback_deliveries"), Is.EqualTo(500));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE queue = 'callbacks' AND state = 2"), Is.EqualTo(500));
        Assert.That(await Ledger.ScalarAsync("SELECT bool_and(get_byte(uuid_send(id), 6) >> 4 = 7 AND get_byte(uuid_send(id), 8) >> 6 = 2) FROM messaging.callback_deliveries"), Is.True, "UUIDv7");
    }

    [Test]
    public async Task A_task_that_is_removed_takes_along_what_was_told_of_it()
    {
        var id = await SubmitAsync(Told());
        await EndAsync(id);
        Assert.That(await Ledger.ScalarAsync($"SELECT messaging.remove_task('{id}')"), Is.True);
        Assert.That(await Ledger.CountAsync("task_callbacks"), Is.Zero);
        Assert.That(await Ledger.CountAsync("callback_deliveries"), Is.Zero);
    }

    private async Task DieWithAsync(Guid id, bool cancel)
    {
        var worker = await Ledger.AddWorkerAsync();
        Assert.That(await ClaimAsync(id, worker), Is.Not.Null);
        if (cancel)
            await Ledger.Cancel.CancelAsync(id, CancellationToken.None);
        Assert.That(await Ledger.Rescuer.RescueAsync(worker, 0, CancellationToken.None), Is.Not.Null);
    }

    private async Task AssertToldAsync(Guid id, TaskState state, int attempt, bool hasFailure)
    {
        var told = await ToldOfAsync(id);
        Assert.That(told, Has.Count.EqualTo(1));
        Assert.That(told[0] with { Delivery = default, Message = default }, Is.EqualTo(new ToldRow(default, default, state, attempt, hasFailure, true, 1, 1)));
        Assert.That(told[0].Message, Is.EqualTo(told[0].Delivery));
    }
}
