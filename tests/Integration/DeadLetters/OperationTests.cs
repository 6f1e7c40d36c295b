using System.Diagnostics;
using Messaging.Infrastructure.Operations;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.DeadLetters;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.DeadLetters;

public sealed class OperationTests : DeadLetterTest
{
    private OperationStore Operations => Ledger.Services.GetRequiredService<OperationStore>();

    private OperationBatch Batches => Ledger.Services.GetRequiredService<OperationBatch>();

    private OperationRunner Runner => Ledger.Services.GetRequiredService<OperationRunner>();

    protected override void Register(IServiceCollection services) => services.AddOperations();

    [Test]
    public async Task An_operation_retries_what_matches_and_nothing_else()
    {
        var wanted = await FailAsync(700, fingerprint: "00000000000000aa");
        await FailAsync(20, fingerprint: "00000000000000bb");
        var accepted = await AcceptAsync(new(Fingerprint: "00000000000000aa"));
        Assert.That((accepted.State, accepted.Total, accepted.TotalIsExact), Is.EqualTo((OperationState.Pending, 700L, true)));

        var ended = await RunAsync(accepted.Id);

        Assert.That((ended.State, ended.Done, ended.Skipped, ended.Failed), Is.EqualTo((OperationState.Finished, 700L, 0L, 0L)));
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 2 AND attempt = 0"), Is.EqualTo(700));
        Assert.That(await Ledger.ScalarAsync("SELECT count(DISTINCT t) FROM messaging.outbox, unnest(task_ids) t"), Is.EqualTo(700));
        Assert.That(await Ledger.ScalarAsync("SELECT count(*) FROM messaging.outbox, unnest(task_ids) t"), Is.EqualTo(700));
        Assert.That(await Ledger.CountAsync("outcomes WHERE fingerprint = '00000000000000bb'"), Is.EqualTo(20));
        Assert.That(await Ledger.CountAsync($"open_tasks WHERE id = '{wanted[0]}'"), Is.EqualTo(1));
        Assert.That(ended.FinishedAt, Is.GreaterThanOrEqualTo(ended.StartedAt!.Value));
    }

    [Test]
    public async Task An_operation_discards()
    {
        await FailAsync(30);
        var ended = await RunAsync((await AcceptAsync(new(), action: OperationAction.Discard)).Id);

        Assert.That(ended.Done, Is.EqualTo(30));
        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 5 AND discarded_at IS NOT NULL"), Is.EqualTo(30));
        Assert.That((await Search.CountAsync(new(), CancellationToken.None)).Count, Is.Zero);
    }

    [TestCase("rare", 1)]
    [TestCase("kind.1", 3_000)]
    [TestCase("kind.2", 3_000)]
    public async Task An_operation_takes_one_kind_whichever_chunk_it_is_in(string kind, int of)
    {
        await StoreManyKindsAsync();
        var ended = await RunAsync((await AcceptAsync(new(Kind: kind), action: OperationAction.Discard)).Id);

        Assert.That((ended.State, ended.Done), Is.EqualTo((OperationState.Finished, (long)of)));
        Assert.That(
            await Ledger.CountAsync($"outcomes c JOIN messaging.tasks t ON t.id = c.task_id WHERE (t.kind = '{kind}') = (c.discarded_at IS NULL)"), Is.Zero);
    }

    [Test]
    public async Task What_fails_after_the_operation_began_is_left_alone()
    {
        await FailAsync(3);
        var operation = await AcceptAsync(new());
        await FailAsync(4);
        var ended = await RunAsync(operation.Id);

        Assert.That(ended.Done, Is.EqualTo(3));
        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 5"), Is.EqualTo(4));
    }

    [Test]
    public async Task A_step_that_dies_before_its_commit_leaves_nothing_and_the_next_owner_goes_on()
    {
        await FailAsync(1_200);
        var (first, second) = (await Ledger.AddWorkerAsync(), await Ledger.AddWorkerAsync());
        var id = (await AcceptAsync(new())).Id;
        Assert.That(await TakeAsync(first), Is.EqualTo(id));
        Assert.That((await Batches.StepAsync(id, first, CancellationToken.None)).GoesOn, Is.True);

        Assert.That(await TakeAsync(second), Is.Null, "its owner lives");
        await Ledger.ExecuteAsync($"DELETE FROM messaging.workers WHERE id = '{first}'");
        Assert.That(await TakeAsync(second), Is.EqualTo(id), "its owner is gone");
        Assert.That((await Batches.StepAsync(id, first, CancellationToken.None)).GoesOn, Is.False, "the old owner comes back too late");
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.EqualTo(OperationBatch.MostMoved));
        while ((await Batches.StepAsync(id, second, CancellationToken.None)).GoesOn)
        {
        }

        Assert.That((await Operations.FindAsync(id, CancellationToken.None))!.Done, Is.EqualTo(1_200));
        Assert.That(await Ledger.ScalarAsync("SELECT count(*) FROM messaging.outbox, unnest(task_ids) t"), Is.EqualTo(1_200), "nothing twice");
    }

    [Test]
    public async Task Two_owners_at_once_do_nothing_twice()
    {
        await FailAsync(2_000);
        var worker = await Ledger.AddWorkerAsync();
        var id = (await AcceptAsync(new())).Id;
        await TakeAsync(worker);
        var other = (await AcceptAsync(new())).Id;
        await TakeAsync(worker);
        await Task.WhenAll(new[] { id, id, other, other }.Select(o => Task.Run(async () =>
        {
            while ((await Batches.StepAsync(o, worker, CancellationToken.None)).GoesOn)
            {
            }
        })));

        var (one, two) = ((await Operations.FindAsync(id, CancellationToken.None))!, (await Operations.FindAsync(other, CancellationToken.None))!);
        Assert.That((one.State, two.State, one.Done + two.Done), Is.EqualTo((OperationState.Finished, OperationState.Finished, 2_000L)));
        Assert.That(await Ledger.ScalarAsync("SELECT count(*) FROM messaging.outbox, unnest(task_ids) t"), Is.EqualTo(2_000));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.EqualTo(2_000));
    }

    [Test]
    public async Task A_pace_is_kept()
    {
        await FailAsync(200);
        var id = (await AcceptAsync(new(), rate: 40)).Id;
        var worker = await Ledger.AddWorkerAsync();
        await TakeAsync(worker);
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(3) && (await Batches.StepAsync(id, worker, CancellationToken.None)) is { GoesOn: true, Wait: var wait })
            await Task.Delay(wait, TimeProvider.System);
        var (done, seconds) = ((await Operations.FindAsync(id, CancellationToken.None))!.Done, watch.Elapsed.TotalSeconds);

        // A batch of a quarter of a second at the start, and one that may be made good.
        Assert.That(done, Is.LessThanOrEqualTo(40 * (seconds + 0.5)));
        // Only so much, because a machine that is busy elsewhere makes it slower.
        Assert.That(done, Is.GreaterThanOrEqualTo(40));
    }

    [Test]
    public async Task A_stopped_operation_does_nothing_more()
    {
        await FailAsync(1_200);
        var worker = await Ledger.AddWorkerAsync();
        var id = (await AcceptAsync(new())).Id;
        await TakeAsync(worker);
        await Batches.StepAsync(id, worker, CancellationToken.None);

        Assert.That(await Operations.StopAsync(id, null, CancellationToken.None), Is.True);
        Assert.That((await Batches.StepAsync(id, worker, CancellationToken.None)).GoesOn, Is.False);
        Assert.That(await Operations.StopAsync(id, null, CancellationToken.None), Is.False, "it has ended");
        Assert.That(await TakeAsync(worker), Is.Null);
        var stopped = (await Operations.FindAsync(id, CancellationToken.None))!;
        Assert.That((stopped.State, stopped.Done), Is.EqualTo((OperationState.Stopped, (long)OperationBatch.MostMoved)));
        Assert.That(await Ledger.CountAsync("outcomes WHERE state = 5"), Is.EqualTo(700));
    }

    [Test]
    public async Task What_somebody_else_retried_meanwhile_is_not_counted_as_done()
    {
        var ids = await FailAsync(10);
        var id = (await AcceptAsync(new())).Id;
        await RetryAsync(ids[3]);
        var ended = await RunAsync(id);

        Assert.That((ended.Total, ended.Done), Is.EqualTo((10L, 9L)));
        Assert.That(await Ledger.CountAsync("open_tasks"), Is.EqualTo(10));
    }

    [Test]
    public async Task One_that_cannot_be_moved_is_counted_and_holds_up_no_other()
    {
        var ids = await FailAsync(10);
        // A damaged ledger: open and ended at once.
        await Ledger.ExecuteAsync($"INSERT INTO messaging.open_tasks (id, queue, state) VALUES ('{ids[4]}', 'default', 2)");
        var ended = await RunAsync((await AcceptAsync(new())).Id);

        Assert.That((ended.State, ended.Done, ended.Failed), Is.EqualTo((OperationState.Finished, 9L, 1L)));
        Assert.That(ended.Error, Does.Contain(ids[4].ToString()));
        Assert.That(await Ledger.CountAsync("outcomes"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_runner_executes_what_is_accepted_and_gives_up_what_it_cannot_end()
    {
        await FailAsync(600);
        await Ledger.ExecuteAsync(
            $"INSERT INTO messaging.workers (id, role, host, pid, version, slots, queues, kinds) VALUES ('{Ledger.Services.GetRequiredService<InstanceIdentity>().Id}', 'producer', 'test', 1, '0', 0, '{{}}', '{{}}')");
        await Runner.StartAsync(CancellationToken.None);
        var quick = await AcceptAsync(new(FinishedBefore: Ledger.Clock.Now - TimeSpan.FromHours(1)));
        var slow = await AcceptAsync(new(), rate: 1);
        await Eventually.TrueAsync(async _ => (await Operations.FindAsync(slow.Id, CancellationToken.None)) is { Done: > 0 });
        await Eventually.TrueAsync(async _ => (await Operations.FindAsync(quick.Id, CancellationToken.None)) is { State: OperationState.Finished, Done: 0 });
        await Runner.StopAsync(CancellationToken.None);

        Assert.That(await Ledger.CountAsync($"operations WHERE id = '{slow.Id}' AND worker IS NULL AND state = 1"), Is.EqualTo(1), "the next one takes it at once");
        Assert.That((await Operations.ListAsync(null, 10, CancellationToken.None)).Select(o => o.Id), Is.EqualTo(new[] { slow.Id, quick.Id }));
    }

    private async Task<Operation> AcceptAsync(DeadLetterFilter filter, int? rate = null, OperationAction action = OperationAction.Retry) =>
        await Operations.AcceptAsync(
            new NewOperation(action, filter, rate, "a test"), await Search.CountAsync(filter, CancellationToken.None), null, CancellationToken.None);

    private async Task<Guid?> TakeAsync(Guid worker)
    {
        await using var command = Ledger.Services.GetRequiredService<LedgerConnections>().Web.CreateCommand(OperationSql.Take);
        command.Parameters.Add(new Npgsql.NpgsqlParameter<Guid> { TypedValue = worker });
        return await command.ExecuteScalarAsync() as Guid?;
    }

    private async Task<Operation> RunAsync(Guid id)
    {
        var worker = await Ledger.AddWorkerAsync();
        Assert.That(await TakeAsync(worker), Is.EqualTo(id));
        while ((await Batches.StepAsync(id, worker, CancellationToken.None)).GoesOn)
        {
        }

        return (await Operations.FindAsync(id, CancellationToken.None))!;
    }
}
