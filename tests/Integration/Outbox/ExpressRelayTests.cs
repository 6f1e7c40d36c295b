using System.Diagnostics;
using Messaging.Tests.Support;

namespace Messaging.Tests.Integration.Outbox;

/// <summary>What the relay does with a task that comes alone: an express copy first, another only if that was not enough.</summary>
public sealed class ExpressRelayTests : OutboxTest
{
    protected override Dictionary<string, string?> Settings => new() { ["Messaging:Relay:ExpressPatience"] = "00:00:00.3" };

    [SetUp]
    public void OpenTheWay() => Express.IsOpen = true;

    [Test]
    public async Task A_task_that_has_started_by_then_needs_no_other_message()
    {
        var since = Stopwatch.StartNew();
        var task = await SubmitAsync();
        await Eventually.TrueAsync(() => Express.Sent.Count == 1);
        await ClaimAsync(task);

        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox") == 0);
        Assert.That(since.Elapsed, Is.GreaterThan(TimeSpan.FromSeconds(0.2)), "it was given its time");
        Assert.That(Express.Sent.Single().Message.Tasks.Single().Id, Is.EqualTo(task));
        Assert.That(Publisher.Confirmed, Is.Empty);
        await Eventually.TrueAsync(() => (Relay.Held, Relay.InFlight) == (0, 0));
    }

    [Test]
    public async Task A_task_that_is_still_queued_is_published()
    {
        var task = await SubmitAsync();

        await Eventually.TrueAsync(() => Publisher.TaskIds.Length == 1);
        Assert.That(Publisher.TaskIds, Is.EqualTo(new[] { task }));
        Assert.That(Express.Sent, Has.Count.EqualTo(1));
        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox") == 0);
        await Eventually.TrueAsync(() => (Relay.Held, Relay.InFlight) == (0, 0));
    }

    [Test]
    public async Task A_way_that_is_closed_costs_no_time()
    {
        Express.IsOpen = false;
        var since = Stopwatch.StartNew();
        await SubmitAsync();
        await Eventually.TrueAsync(() => Publisher.TaskIds.Length == 1);

        Assert.That(since.Elapsed, Is.LessThan(TimeSpan.FromSeconds(0.3)).Or.GreaterThan(TimeSpan.FromSeconds(3)), "not after the patience; a machine that stands still is no fault of ours");
        Assert.That(Express.Sent, Is.Empty);
    }

    [Test]
    public async Task Of_many_only_the_first_few_go_by_express()
    {
        Publisher.Close();
        await Ledger.SubmitManyAsync(40);
        await Eventually.TrueAsync(() => Relay.InFlight == 40);

        Assert.That(Express.Sent.Count, Is.LessThanOrEqualTo(3));
        Publisher.Open();
        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox") == 0);
        Assert.That(Publisher.TaskIds, Has.Length.EqualTo(40));
    }

    [Test]
    public async Task Rows_of_several_tasks_suspects_and_large_inputs_do_not()
    {
        var several = await InsertRowAsync(2, Self);
        var suspect = await InsertRowAsync(1, Self);
        suspect = suspect with { Tasks = [suspect.Tasks[0] with { Losses = 1 }] };
        var large = await InsertRowAsync(1, Self);
        large = large with { Tasks = [large.Tasks[0] with { Input = new byte[32 * 1024] }] };
        foreach (var row in new[] { several, suspect, large })
        {
            using var reservation = Relay.TryReserve(2)!;
            reservation.HandOver([row]);
            await Eventually.TrueAsync(() => Relay.Held == 0);
        }

        Assert.That(Express.Sent, Is.Empty);
        Assert.That(Publisher.TaskIds, Has.Length.EqualTo(4));
    }

    [Test]
    public async Task A_stop_in_between_leaves_the_row_to_others()
    {
        var task = await SubmitAsync();
        await Eventually.TrueAsync(() => Express.Sent.Count == 1);
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
