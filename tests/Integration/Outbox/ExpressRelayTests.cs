using System.Diagnostics;
using Messaging.Infrastructure.Express;
using Messaging.Tests.Integration.Express;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Outbox;

/// <summary>What the relay does with a task that comes alone: an express copy first, another only if that was not enough.</summary>
public sealed class ExpressRelayTests : OutboxTest
{
    protected override Dictionary<string, string?> Settings => new() { ["Messaging:Relay:ExpressPatience"] = "00:00:00.3" };

    private HearingWorker _worker = null!;

    [SetUp]
    public async Task OpenTheWay() => _worker = await HearingWorker.StartAsync(Ledger, CancellationToken.None);

    [TearDown]
    public async Task CloseTheWay() => await _worker.DisposeAsync();

    [Test]
    public async Task A_task_that_has_started_by_then_needs_no_other_message(CancellationToken cancellationToken)
    {
        var since = Stopwatch.StartNew();
        var task = await SubmitAsync();
        Assert.That((await _worker.Copies.NextAsync(cancellationToken)).Task.Id, Is.EqualTo(task));
        await ClaimAsync(task);

        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox") == 0);
        Assert.That(since.Elapsed, Is.GreaterThan(TimeSpan.FromSeconds(0.2)), "it was given its time");
        Assert.That(Publisher.Confirmed, Is.Empty);
        await Eventually.TrueAsync(() => (Relay.Held, Relay.InFlight) == (0, 0));
    }

    [Test]
    public async Task A_task_that_is_still_queued_is_published()
    {
        var task = await SubmitAsync();

        await Eventually.TrueAsync(() => Publisher.TaskIds.Length == 1);
        Assert.That(Publisher.TaskIds, Is.EqualTo(new[] { task }));
        Assert.That(_worker.Copies.Count, Is.EqualTo(1));
        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox") == 0);
        await Eventually.TrueAsync(() => (Relay.Held, Relay.InFlight) == (0, 0));
    }

    [Test]
    public async Task Where_nobody_hears_it_costs_no_time(CancellationToken cancellationToken)
    {
        await Ledger.ExecuteAsync("UPDATE messaging.workers SET express = NULL");
        await Ledger.Services.GetRequiredService<ExpressRoutes>().ReadAsync(cancellationToken);
        var since = Stopwatch.StartNew();
        await SubmitAsync();
        await Eventually.TrueAsync(() => Publisher.TaskIds.Length == 1);

        Assert.That(since.Elapsed, Is.LessThan(TimeSpan.FromSeconds(0.3)).Or.GreaterThan(TimeSpan.FromSeconds(3)), "not after the patience; a machine that stands still is no fault of ours");
        Assert.That(_worker.Copies.Count, Is.Zero);
    }

    [Test]
    public async Task Who_lets_a_copy_go_gets_none_for_a_while()
    {
        await SubmitAsync();
        await Eventually.TrueAsync(() => Publisher.TaskIds.Length == 1);
        for (var i = 2; i <= 4; i++)
        {
            Ledger.Services.GetRequiredService<ExpressRoutes>().Report(_worker.Profile.Express!, taken: false);
            await SubmitAsync();
            await Eventually.TrueAsync(() => Publisher.TaskIds.Length == i);
        }

        Assert.That(_worker.Copies.Count, Is.LessThan(4));
    }

    [Test]
    public async Task Of_many_only_the_first_few_go_by_express()
    {
        Publisher.Close();
        await Ledger.SubmitManyAsync(40);
        await Eventually.TrueAsync(() => Relay.InFlight == 40);

        Assert.That(_worker.Copies.Count, Is.LessThanOrEqualTo(3), "what is committed together goes together");
        Publisher.Open();
        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox") == 0);
        Assert.That(Publisher.TaskIds, Has.Length.EqualTo(40));
    }

    [Test]
    public void Only_a_single_task_of_a_known_queue_may_go()
    {
        using var one = Relay.TryReserve("default", 1)!;
        using var several = Relay.TryReserve("default", 2)!;
        using var any = Relay.TryReserve(1)!;
        Assert.That((one.MayGoAhead, several.MayGoAhead, any.MayGoAhead), Is.EqualTo((true, false, false)));
    }

    [Test]
    public async Task A_stop_in_between_leaves_the_row_to_others()
    {
        var task = await SubmitAsync();
        await Eventually.TrueAsync(() => _worker.Copies.Count == 1);
        Publisher.Close();
        using var hurry = new CancellationTokenSource();
        await hurry.CancelAsync();
        await Relay.StopAsync(hurry.Token);

        Assert.That(await Ledger.ScalarAsync("SELECT task_ids[1] FROM messaging.outbox WHERE owner IS NULL"), Is.EqualTo(task));
    }

    private async Task<Guid> SubmitAsync()
    {
        var task = Ledger.NewTask("{}");
        await Ledger.Submit.SubmitAsync(task, CancellationToken.None);
        return task.Id;
    }

    private Task ClaimAsync(Guid task) =>
        Ledger.ExecuteAsync($"UPDATE messaging.open_tasks SET state = 3, worker = '{Guid.NewGuid()}', claim_no = 1, claimed_at = now(), attempt = 1 WHERE id = '{task}'");
}
