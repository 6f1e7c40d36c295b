using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store.Claim;

namespace Messaging.Tests.Integration.Reconcile;

/// <summary>Which tasks a marker calls lost, and when; the workers are rows that the tests write.</summary>
public sealed class QueueMarkersTests : ReconcileTest
{
    protected override Dictionary<string, string?> Settings => new()
    {
        ["Settle"] = "00:00:00",
        ["Margin"] = "00:00:00",
        ["MarkerPatience"] = "00:00:10",
        ["LongestMarkerPatience"] = "00:00:30",
    };

    [Test]
    public async Task What_was_published_before_a_consumed_marker_and_still_waits_goes_back_to_the_outbox()
    {
        await AddListenerAsync();
        var lost = await Ledger.SubmitManyAsync(1200);
        await SettleAsync();
        await SendAndConsumeAsync();
        await BeatAsync();

        Assert.That(await Markers.LookAfterAsync(CancellationToken.None), Is.EqualTo(1200));

        Assert.That(await Ledger.ScalarAsync("SELECT sum(cardinality(task_ids)) FROM messaging.outbox WHERE owner IS NULL"), Is.EqualTo(lost.Length));
        Assert.That(await Ledger.CountAsync("markers"), Is.Zero);
        Assert.That((await ReadAsync()).Repairs[RepairSorts.LostInBroker], Is.EqualTo(1200));
    }

    [Test]
    public async Task What_is_claimed_unpublished_scheduled_of_another_queue_or_queued_later_is_not_lost()
    {
        var worker = await AddListenerAsync();
        await Ledger.SubmitManyAsync(3, "other");
        await Ledger.SubmitManyAsync(3, delay: TimeSpan.FromHours(1));
        await Ledger.ClaimManyAsync(3, worker);
        await SettleAsync();
        await Ledger.SubmitManyAsync(3); // stays in the outbox
        await SendAndConsumeAsync();
        await Ledger.SubmitManyAsync(3); // behind the marker
        await SettleAsync();
        await BeatAsync();

        Assert.That(await Markers.LookAfterAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Ledger.CountAsync("markers"), Is.Zero, "it was judged");
    }

    [Test]
    public async Task A_hand_back_puts_a_task_behind_the_marker()
    {
        await AddListenerAsync();
        var ids = await Ledger.SubmitManyAsync(5);
        await SettleAsync();
        await SendAsync();
        await Ledger.Finish.RequeueUnclaimedAsync(ids, CancellationToken.None); // its copy is now behind
        await SettleAsync();
        await ConsumeAsync(Sent[0]);
        await BeatAsync();

        Assert.That(await Markers.LookAfterAsync(CancellationToken.None), Is.Zero);
    }

    [Test]
    public async Task What_somebody_has_not_committed_yet_is_not_judged()
    {
        await AddListenerAsync();
        await using var connection = new Npgsql.NpgsqlConnection(Ledger.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var insert = new Npgsql.NpgsqlCommand(
            $"INSERT INTO messaging.open_tasks (id, queue, state) VALUES ('{Ledger.Clock.NewId()}', 'default', 2)", connection, transaction))
            await insert.ExecuteNonQueryAsync();
        await SendAsync();
        await transaction.CommitAsync(); // and is published behind the marker
        await ConsumeAsync(Sent[0]);
        await BeatAsync();

        Assert.That(await Markers.LookAfterAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Ledger.CountAsync("markers"), Is.Zero, "it was judged");
    }

    [Test]
    public async Task The_verdict_waits_while_a_worker_may_hold_what_came_before()
    {
        var holding = await AddListenerAsync();
        await AddListenerAsync();
        await Ledger.SubmitManyAsync(5);
        await SettleAsync();
        await SendAndConsumeAsync();
        await BeatAsync();
        await Ledger.ExecuteAsync($"UPDATE messaging.workers SET holding_since = now() - interval '1 hour' WHERE id = '{holding}'");

        var whileHeld = await Markers.LookAfterAsync(CancellationToken.None);
        await Ledger.ExecuteAsync("UPDATE messaging.workers SET holding_since = now()");
        var afterwards = await Markers.LookAfterAsync(CancellationToken.None);

        Assert.That((whileHeld, afterwards), Is.EqualTo((0, 5)));
    }

    [Test]
    public async Task The_verdict_waits_for_a_worker_that_has_not_beaten_since()
    {
        await AddListenerAsync();
        await Ledger.SubmitManyAsync(5);
        await SettleAsync();
        await SendAndConsumeAsync();

        Assert.That(await Markers.LookAfterAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Ledger.CountAsync("markers"), Is.EqualTo(1));
    }

    [TestCase("DELETE FROM messaging.workers WHERE id = '{0}'", TestName = "A_worker_that_goes_makes_the_marker_void")]
    [TestCase("UPDATE messaging.workers SET returned_at = clock_timestamp() + interval '1 second' WHERE id = '{0}'", TestName = "Deliveries_that_go_back_make_the_marker_void")]
    public async Task Void(string what)
    {
        var going = await AddListenerAsync();
        await AddListenerAsync();
        await Ledger.SubmitManyAsync(5);
        await SettleAsync();
        await SendAndConsumeAsync();
        await Ledger.ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, what, going));
        await BeatAsync();

        Assert.That(await Markers.LookAfterAsync(CancellationToken.None), Is.Zero);
        Assert.That(Sent, Has.Length.EqualTo(2), "another follows at once");
        await ConsumeAsync(Sent[1]);
        await Ledger.ExecuteAsync("UPDATE messaging.workers SET returned_at = NULL");
        await BeatAsync();
        Assert.That(await Markers.LookAfterAsync(CancellationToken.None), Is.EqualTo(5));
    }

    [Test]
    public async Task One_marker_is_under_way_and_others_follow_after_a_growing_time()
    {
        await AddListenerAsync();
        await Ledger.SubmitManyAsync(1);
        await SettleAsync();
        var sent = new List<int>();
        await Reconciler.CheckAsync(CancellationToken.None);
        await Reconciler.CheckAsync(CancellationToken.None);
        sent.Add(Sent.Length);
        foreach (var seconds in new[] { 8, 4, 15, 8, 25, 8, 25, 8 })
        {
            await Ledger.ExecuteAsync($"UPDATE messaging.markers SET sent_at = sent_at - interval '{seconds} seconds'");
            await Markers.LookAfterAsync(CancellationToken.None);
            sent.Add(Sent.Length);
        }

        Assert.That(sent, Is.EqualTo(new[] { 1, 1, 2, 2, 3, 3, 4, 4, 5 }), "after 10, 20, 30, 30 seconds");
        await ConsumeAsync(Sent[3]);
        await BeatAsync();
        Assert.That(await Markers.LookAfterAsync(CancellationToken.None), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync("markers"), Is.EqualTo(1), "those before the judged one are forgotten");
    }

    [Test]
    public async Task Without_a_worker_that_knows_markers_none_is_sent()
    {
        await Ledger.SubmitManyAsync(2);
        await SettleAsync();
        await Reconciler.CheckAsync(CancellationToken.None);
        var alone = Sent.Length;
        await AddListenerAsync();
        await Ledger.AddWorkerAsync(); // of a version that does not say what it holds
        await Reconciler.CheckAsync(CancellationToken.None);

        Assert.That((alone, Sent.Length), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task A_marker_that_can_not_be_sent_leaves_nothing_behind()
    {
        await AddListenerAsync();
        Publisher.Failure = new InvalidOperationException("no broker");

        Assert.That(await Markers.SendAsync("default", CancellationToken.None), Is.False);
        Assert.That(await Ledger.CountAsync("markers"), Is.Zero);
    }

    [Test]
    public async Task A_claim_that_comes_in_between_wins()
    {
        var worker = await AddListenerAsync();
        var ids = await Ledger.SubmitManyAsync(300);
        await SettleAsync();
        await SendAndConsumeAsync();
        await BeatAsync();

        var claims = ids.Select((id, i) => Task.Run(async () =>
            await Ledger.Claim.ClaimAsync(new ClaimRequest(id, new Fence(worker, i + 1)), CancellationToken.None))).ToArray();
        await Markers.LookAfterAsync(CancellationToken.None);
        var claimed = await Task.WhenAll(claims);

        Assert.That(claimed, Has.All.Not.Null);
        Assert.That(await Ledger.CountAsync("open_tasks WHERE state = 3"), Is.EqualTo(300));
    }

    private async Task<Guid> AddListenerAsync()
    {
        var id = await Ledger.AddWorkerAsync();
        await Ledger.ExecuteAsync($"UPDATE messaging.workers SET holding_since = NULL WHERE id = '{id}'");
        return id;
    }

    private async Task SendAsync() => Assert.That(await Markers.SendAsync("default", CancellationToken.None), Is.True);

    private async Task ConsumeAsync(Guid marker) => await new MarkerRecorder(
        (Infrastructure.Store.Connections.LedgerConnections)Ledger.Services.GetService(typeof(Infrastructure.Store.Connections.LedgerConnections))!)
        .RecordAsync(marker, Ledger.Clock.Now, CancellationToken.None);

    private async Task SendAndConsumeAsync()
    {
        await SendAsync();
        await ConsumeAsync(Sent[^1]);
    }

    /// <summary>Every worker's heartbeat.</summary>
    private Task BeatAsync() => Ledger.ExecuteAsync("UPDATE messaging.workers SET beat_at = clock_timestamp()");
}
