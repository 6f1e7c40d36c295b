using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Tests.Integration.Runtime;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Examples;

/// <summary>Rows that a handler writes in its task's transaction are kept exactly if its result is, however often it runs.</summary>
[CancelAfter(60_000)]
public sealed class BookPaymentTests
{
    /// <summary>What a rescue does to a claim.</summary>
    private const string LoseClaim =
        "UPDATE messaging.open_tasks SET state = 2, worker = NULL, claim_no = NULL, claimed_at = NULL, attempt = attempt - 1 WHERE id = $1 AND state = 3";

    [Test]
    public async Task Rows_and_result_are_kept_together(CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(cancellationToken);
        var plain = await worker.SubmitAsync(new BookPayment("order-1", 9.5m), cancellationToken);
        var ef = await worker.SubmitAsync(new BookOrder("order-2", 10m), cancellationToken);
        await worker.DeliverAsync(cancellationToken, plain, ef);

        Assert.That((await worker.OutcomeAsync(plain.Id, cancellationToken))!.Result, Is.EqualTo("""{"order":"order-1","balance":9.5}"""));
        Assert.That((await worker.OutcomeAsync(ef.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        Assert.That(await BookingsAsync(worker, cancellationToken), Is.EqualTo(["order-1 9.5", "order-2 10"]));
        Assert.That(await worker.OpenAsync(plain.Id, cancellationToken), Is.Null);
    }

    [Test]
    public async Task A_failed_attempt_leaves_no_rows(CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new BookPayment("order-1", 1m, FailTimes: 1), cancellationToken);
        await worker.DeliverAsync(cancellationToken, task);
        var afterFirst = await BookingsAsync(worker, cancellationToken);
        await worker.DeliverAsync(cancellationToken, await worker.PromoteAsync(task, cancellationToken));

        Assert.That(afterFirst, Is.Empty);
        Assert.That(await BookingsAsync(worker, cancellationToken), Is.EqualTo(["order-1 1"]));
        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.Attempt, Is.EqualTo(2));
    }

    [Test]
    public async Task A_run_whose_claim_was_lost_is_refused_and_leaves_no_rows(CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(cancellationToken);
        worker.Probe.HoldFirstBooking = true;
        var task = await worker.SubmitAsync(new BookPayment("order-1", 1m), cancellationToken);
        var first = worker.DeliverAsync(cancellationToken, task);
        await worker.Probe.FirstBooked.Task.WaitAsync(cancellationToken);

        // While the first run holds its transaction, its rows written, the task is rescued and runs again to its end.
        await worker.ExecuteAsync(LoseClaim, cancellationToken, task.Id);
        await worker.DeliverAsync(cancellationToken, task);
        var second = await BookingsAsync(worker, cancellationToken);
        worker.Probe.Gate.SetResult();
        await first;

        Assert.That(worker.Probe.Runs[task.Id], Is.EqualTo(2));
        Assert.That(second, Is.EqualTo(["order-1 1"]));
        Assert.That(await worker.ScalarAsync<string>("SELECT string_agg(run::text, ',') FROM bookings", cancellationToken), Is.EqualTo("2"), "the second run's row alone");
        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
        await NoTransactionIsLeftAsync(worker, cancellationToken);
    }

    [Test]
    public async Task A_late_run_of_a_task_that_is_still_open_leaves_no_rows_either(CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(cancellationToken);
        worker.Probe.HoldFirstBooking = true;
        var task = await worker.SubmitAsync(new BookPayment("order-1", 1m), cancellationToken);
        var first = worker.DeliverAsync(cancellationToken, task);
        await worker.Probe.FirstBooked.Task.WaitAsync(cancellationToken);

        await worker.ExecuteAsync(LoseClaim, cancellationToken, task.Id);
        worker.Probe.Gate.SetResult();
        await first;
        var afterFirst = await BookingsAsync(worker, cancellationToken);
        await worker.DeliverAsync(cancellationToken, task);

        Assert.That(afterFirst, Is.Empty);
        Assert.That(await BookingsAsync(worker, cancellationToken), Is.EqualTo(["order-1 1"]));
        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.Attempt, Is.EqualTo(1));
    }

    [Test]
    public async Task A_connection_cut_before_the_commit_spends_no_attempt_and_leaves_one_row_in_the_end(CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(cancellationToken);
        worker.Probe.HoldFirstBooking = true;
        var task = await worker.SubmitAsync(new BookPayment("order-1", 1m), cancellationToken, maxAttempts: 1);
        var first = worker.DeliverAsync(cancellationToken, task);
        await worker.Probe.FirstBooked.Task.WaitAsync(cancellationToken);

        await worker.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'messaging-handlers' AND datname = current_database()", cancellationToken);
        worker.Probe.Gate.SetResult();
        await first;
        var open = await worker.OpenAsync(task.Id, cancellationToken);
        var afterFirst = await BookingsAsync(worker, cancellationToken);
        await worker.DeliverAsync(cancellationToken, await worker.PromoteAsync(task, cancellationToken));

        Assert.That((open!.State, open.Attempt), Is.EqualTo((TaskState.Scheduled, 0)));
        Assert.That(afterFirst, Is.Empty);
        Assert.That(await BookingsAsync(worker, cancellationToken), Is.EqualTo(["order-1 1"]));
        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
    }

    [Test]
    public async Task After_a_lost_answer_the_outcome_is_found_by_its_fence_and_the_task_does_not_run_again(CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(cancellationToken);
        var (claims, finishes) = (worker.Services.GetRequiredService<ClaimStage>(), worker.Services.GetRequiredService<FinishStage>());
        var task = await worker.SubmitAsync(new BookPayment("order-1", 1m), cancellationToken);
        var fence = new Fence(Guid.NewGuid(), 1);
        await claims.ClaimAsync(new ClaimRequest(task.Id, fence), cancellationToken);
        var transactions = ActivatorUtilities.CreateInstance<HandlerTransactions>(worker.Services);
        await using (var transaction = await transactions.BeginAsync(cancellationToken))
        {
            var recorded = await transaction.TryFinishAsync(new Ended(task.Id, fence, 1, TaskState.Succeeded, "1"u8.ToArray(), null), cancellationToken);
            Assert.That(recorded, Is.True);
        }

        // What the worker says when it did not hear that.
        var answer = await finishes.FinishAloneAsync(new HandedBack(task.Id, fence, 1, TimeSpan.FromSeconds(1)), cancellationToken);

        Assert.That(answer, Is.EqualTo(FinishAnswer.Recorded));
        Assert.That(await worker.OpenAsync(task.Id, cancellationToken), Is.Null);
        Assert.That((await worker.OutcomeAsync(task.Id, cancellationToken))!.State, Is.EqualTo(TaskState.Succeeded));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_handler_that_ends_its_transaction_itself_has_failed(bool commit, CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(cancellationToken);
        var task = await worker.SubmitAsync(new CommitItself(commit), cancellationToken, maxAttempts: 1);
        await worker.DeliverAsync(cancellationToken, task);

        var outcome = await worker.OutcomeAsync(task.Id, cancellationToken);
        Assert.That(outcome!.State, Is.EqualTo(TaskState.Failed));
        Assert.That(outcome.Failure!.Message, Does.Contain("must leave that to the worker"));
    }

    [Test]
    public async Task More_handlers_than_connections_wait_for_each_other(CancellationToken cancellationToken)
    {
        await using var worker = await StartAsync(cancellationToken, ("Messaging:HandlerConnections", "2"));
        var tasks = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => worker.SubmitAsync(new BookPayment($"order-{n}", n), cancellationToken)));
        await worker.DeliverAsync(cancellationToken, tasks);

        Assert.That(await BookingsAsync(worker, cancellationToken), Has.Count.EqualTo(40));
        Assert.That(await worker.ScalarAsync<long>("SELECT count(*) FROM messaging.outcomes WHERE state = 4", cancellationToken), Is.EqualTo(40));
        Assert.That(
            await worker.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'messaging-handlers' AND datname = current_database()", cancellationToken),
            Is.LessThanOrEqualTo(2));
    }

    private static async Task<WorkerHarness> StartAsync(CancellationToken cancellationToken, params (string Setting, string Value)[] settings)
    {
        var worker = await WorkerHarness.StartAsync(cancellationToken, settings);
        await worker.ExecuteAsync("CREATE TABLE bookings (id serial PRIMARY KEY, order_id text NOT NULL, amount numeric NOT NULL, run integer)", cancellationToken);
        return worker;
    }

    private static async Task<IReadOnlyList<string>> BookingsAsync(WorkerHarness worker, CancellationToken cancellationToken) =>
        await worker.ScalarAsync<string[]>("SELECT coalesce(array_agg(order_id || ' ' || amount::text ORDER BY order_id, id), '{}') FROM bookings", cancellationToken);

    private static async Task NoTransactionIsLeftAsync(WorkerHarness worker, CancellationToken cancellationToken) => await Eventually.GetAsync(
        token => worker.ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'messaging-handlers' AND datname = current_database() AND state LIKE 'idle in%'", token),
        open => open == 0,
        cancellationToken: cancellationToken);
}
