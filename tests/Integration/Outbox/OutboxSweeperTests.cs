using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Messaging.Tests.Integration.Outbox;

public sealed class OutboxSweeperTests : OutboxTest
{
    [Test]
    public async Task Rows_that_nobody_owns_are_published_and_settled()
    {
        var ids = await SubmitOwnedByAsync(null, 30);

        await Sweeper.SweepAsync(CancellationToken.None);

        await Eventually.TrueAsync(() => Relay.Held == 0);
        Assert.That(Publisher.TaskIds, Is.EquivalentTo(ids));
        Assert.That(await Ledger.CountAsync("outbox"), Is.Zero);
    }

    [Test]
    public async Task Rows_of_a_process_that_died_after_its_commit_are_taken()
    {
        var ids = await SubmitOwnedByAsync(Guid.NewGuid(), 3);

        Assert.That(await Sweeper.SweepAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Sweeper.DisownOrphansAsync(CancellationToken.None), Is.Positive);
        await Sweeper.SweepAsync(CancellationToken.None);

        await Eventually.TrueAsync(() => Relay.Held == 0);
        Assert.That(Publisher.TaskIds, Is.EquivalentTo(ids));
    }

    [Test]
    public async Task Rows_of_a_living_process_are_left_to_it_however_old()
    {
        await SubmitOwnedByAsync(await Ledger.AddWorkerAsync(), 3);
        await Ledger.ExecuteAsync("UPDATE messaging.outbox SET created_at = now() - interval '1 day'");

        Assert.That(await Sweeper.DisownOrphansAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Sweeper.DisownStraysAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Sweeper.DisownStraysAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Sweeper.SweepAsync(CancellationToken.None), Is.Zero);
        Assert.That(Publisher.Confirmed, Is.Empty);
    }

    [Test]
    public async Task Rows_in_ones_own_name_that_never_came_into_memory_are_given_up_at_the_second_look()
    {
        var ids = await SubmitOwnedByAsync(Self, 3); // as after a commit whose answer was lost

        Assert.That(await Sweeper.DisownStraysAsync(CancellationToken.None), Is.Zero, "its hand-over may be just about to come");
        Assert.That(await Sweeper.DisownStraysAsync(CancellationToken.None), Is.Positive);
        await Sweeper.SweepAsync(CancellationToken.None);

        await Eventually.TrueAsync(() => Relay.Held == 0);
        Assert.That(Publisher.TaskIds, Is.EquivalentTo(ids));
    }

    [Test]
    public async Task Rows_in_ones_own_memory_are_not_given_up()
    {
        Publisher.Close();
        await Ledger.SubmitManyAsync(3);

        Assert.That(await Sweeper.DisownStraysAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Sweeper.DisownStraysAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Sweeper.DisownOrphansAsync(CancellationToken.None), Is.Zero);
    }

    [Test]
    public async Task What_is_no_longer_open_is_settled_without_a_message()
    {
        var ids = await SubmitOwnedByAsync(null, 3);
        foreach (var id in ids.Skip(1))
            await Ledger.Cancel.CancelAsync(id, CancellationToken.None);
        await InsertRowAsync(2, null);

        await Sweeper.SweepAsync(CancellationToken.None);

        await Eventually.TrueAsync(() => Relay.Held == 0);
        Assert.That(Publisher.TaskIds, Is.EqualTo(ids.Take(1)));
        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox") == 0);
    }

    [Test]
    public async Task A_full_relay_is_not_swept_into()
    {
        Publisher.Close();
        await SubmitOwnedByAsync(null, 3);
        var room = new List<IRelayReservation>();
        while (Relay.TryReserveForSweep(1000) is { } reservation)
            room.Add(reservation);

        Assert.That(await Sweeper.SweepAsync(CancellationToken.None), Is.Zero);
        Assert.That(await Ledger.CountAsync("outbox WHERE owner IS NULL"), Is.Positive);
        room.ForEach(r => r.Dispose());
    }

    [Test]
    public async Task A_row_larger_than_a_sweep_is_taken_alone()
    {
        var large = await InsertRowAsync(OutboxSweeper.MaxTasks + 1, null);
        await InsertRowAsync(1, null);

        Assert.That(await Sweeper.SweepAsync(CancellationToken.None), Is.EqualTo(1));
        Assert.That(await Ledger.CountAsync($"outbox WHERE id = '{large.Id}' AND owner IS NULL"), Is.Zero);
        Assert.That(await Sweeper.SweepAsync(CancellationToken.None), Is.EqualTo(1));
    }

    [Test]
    public async Task Of_two_sweepers_each_row_is_taken_by_one()
    {
        var ids = await SubmitOwnedByAsync(null, 40);
        for (var i = 0; i < 60; i++)
            ids = [.. ids, .. await SubmitOwnedByAsync(null, 1)];
        await using var otherSettle = new SettleStage(Ledger.Services.GetRequiredService<LedgerConnections>(), TimeProvider.System);
        var otherPublisher = new RecordingPublisher();
        var (otherRelay, otherSweeper) = MakeOther(otherSettle, otherPublisher);
        using (otherRelay)
        {
            await otherRelay.StartAsync(CancellationToken.None);
            await Task.WhenAll(SweepAllAsync(Sweeper), SweepAllAsync(otherSweeper));
            await Eventually.TrueAsync(() => Relay.Held == 0 && otherRelay.Held == 0);
            await otherRelay.StopAsync(CancellationToken.None);
        }

        Assert.That(Publisher.TaskIds.Concat(otherPublisher.TaskIds), Is.EquivalentTo(ids));
        Assert.That(await Ledger.CountAsync("outbox"), Is.Zero);
    }

    [Test]
    public async Task A_signal_makes_it_look_at_once_and_time_alone_does_too()
    {
        await Sweeper.StartAsync(CancellationToken.None);
        var ids = await SubmitOwnedByAsync(null, 5);
        Ledger.Services.GetRequiredService<OutboxSignal>().Wake();
        await Eventually.TrueAsync(() => Publisher.TaskIds.Length == 5);
        var more = await SubmitOwnedByAsync(null, 5);
        await Eventually.TrueAsync(() => Publisher.TaskIds.Length == 10);
        await Sweeper.StopAsync(CancellationToken.None);

        Assert.That(Publisher.TaskIds, Is.EquivalentTo(ids.Concat(more)));
    }

    private (OutboxRelay Relay, OutboxSweeper Sweeper) MakeOther(SettleStage settle, RecordingPublisher publisher)
    {
        var (services, identity) = (Ledger.Services, new InstanceIdentity());
        var relay = new OutboxRelay(
            publisher,
            services.GetRequiredService<ExpressCopies>(),
            settle,
            identity,
            _ => null,
            Options.Create(new RelayOptions()),
            services.GetRequiredService<RelayMeter>(),
            TimeProvider.System,
            NullLogger<OutboxRelay>.Instance);
        return (relay, new OutboxSweeper(
            services.GetRequiredService<LedgerConnections>(),
            relay,
            settle,
            services.GetRequiredService<TaskContents>(),
            services.GetRequiredService<TaskChanges>(),
            identity,
            new OutboxSignal(),
            TimeProvider.System,
            NullLogger<OutboxSweeper>.Instance));
    }

    private static async Task SweepAllAsync(OutboxSweeper sweeper)
    {
        while (await sweeper.SweepAsync(CancellationToken.None) > 0)
            continue;
    }
}
