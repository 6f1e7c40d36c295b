using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Outbox;

public sealed class OutboxRelayTests : OutboxTest
{
    protected override Dictionary<string, string?> Settings => new()
    {
        ["Messaging:Relay:Capacity"] = "100",
        ["Messaging:Relay:StopPatience"] = "00:00:00.2",
    };

    [Test]
    public async Task What_was_submitted_is_published_and_its_row_deleted()
    {
        var ids = await Ledger.SubmitManyAsync(50);

        await UntilEmptyAsync();
        Assert.That(Publisher.TaskIds, Is.EquivalentTo(ids));
        Assert.That(await Ledger.CountAsync("outbox"), Is.Zero);
    }

    [Test]
    public async Task The_message_carries_what_a_worker_needs()
    {
        var task = Ledger.NewTask("""{ "message": "as sent" }""", queue: "mail");
        await Ledger.Submit.SubmitAsync(task, CancellationToken.None);

        await UntilEmptyAsync();
        var (queue, message) = Publisher.Confirmed.Single();
        Assert.That(queue, Is.EqualTo("mail"));
        Assert.That(message.Tasks.Single() with { Input = default }, Is.EqualTo(
            new Messaging.Contracts.Messages.RunTask(task.Id, 0, task.Kind, default, task.Timeout, task.MaxAttempts, null)));
        Assert.That(message.Tasks[0].Input.ToArray(), Is.EqualTo(task.Input.ToArray()));
    }

    [Test]
    public async Task A_row_is_deleted_only_when_all_of_its_tasks_are_confirmed()
    {
        Publisher.Close();
        var (first, second) = (await InsertRowAsync(2, Self), await InsertRowAsync(1, Self, "other"));
        using var reservation = Relay.TryReserve(3)!;
        reservation.HandOver([first, second]);
        await Eventually.TrueAsync(() => Publisher.Waiting == 3); // unmeasured kinds go alone: three sends

        Assert.That(await Ledger.CountAsync("outbox"), Is.EqualTo(2));
        Publisher.Open();
        await UntilEmptyAsync();
        Assert.That(await Ledger.CountAsync("outbox"), Is.Zero);
    }

    [Test]
    public async Task Only_confirmed_rows_are_deleted()
    {
        var (handedOver, bystander) = (await InsertRowAsync(2, Self), await InsertRowAsync(2, Self));
        using var reservation = Relay.TryReserve(2)!;
        reservation.HandOver([handedOver]);

        await UntilEmptyAsync();
        Assert.That(await Ledger.ScalarAsync("SELECT id FROM messaging.outbox"), Is.EqualTo(bystander.Id));
    }

    [Test]
    public async Task What_failed_is_sent_again_until_it_gets_through()
    {
        Publisher.Failure = new InvalidOperationException("The broker is away.");
        var ids = await Ledger.SubmitManyAsync(20);
        await Eventually.TrueAsync(() => Relay.InFlight == 0 && Relay.Held == 20);
        Assert.That(await Ledger.CountAsync("outbox"), Is.Positive);

        Publisher.Failure = null;
        await UntilEmptyAsync();
        Assert.That(Publisher.TaskIds, Is.EquivalentTo(ids));
        Assert.That(await Ledger.CountAsync("outbox"), Is.Zero);
    }

    [Test]
    public async Task It_promises_no_more_room_than_it_has_and_gives_it_back_after_the_settle()
    {
        Publisher.Close();
        var batch = await InsertRowAsync(75, Self);
        using (var reservation = Relay.TryReserve("default", 75)!)
            reservation.HandOver([batch]);
        Assert.That(Relay.TryReserve("default", 1), Is.Null, "three quarters are one queue's most");

        Publisher.Open();
        await UntilEmptyAsync();
        using var again = Relay.TryReserve("default", 75);
        Assert.That(again, Is.Not.Null);
    }

    [Test]
    public void A_reservation_that_is_not_used_gives_its_room_back()
    {
        using (Relay.TryReserve("default", 70))
        using (Relay.TryReserve(10))
            Assert.That(Relay.Held, Is.EqualTo(80));
        Assert.That(Relay.Held, Is.Zero);
    }

    [Test]
    public async Task A_flooded_queue_leaves_room_for_the_others()
    {
        Publisher.Close();
        await Ledger.SubmitManyAsync(75, "flood");
        await Ledger.SubmitManyAsync(20, "flood");
        await Ledger.SubmitManyAsync(10, "quiet");

        Assert.That(await Ledger.CountAsync("outbox WHERE queue = 'flood' AND owner IS NULL"), Is.Positive, "its share is used up");
        Assert.That(await Ledger.CountAsync("outbox WHERE queue = 'quiet' AND owner IS NULL"), Is.Zero);
    }

    [Test]
    public async Task While_it_is_full_accepting_goes_on_and_the_rows_are_anybodys()
    {
        using (FillRelay())
            await Ledger.SubmitManyAsync(10);
        Assert.That(Publisher.Confirmed, Is.Empty);
        Assert.That(await Ledger.CountAsync("outbox WHERE owner IS NULL"), Is.EqualTo(await Ledger.CountAsync("outbox")).And.Positive);
    }

    [Test]
    public async Task Stopping_publishes_what_it_holds_if_it_can()
    {
        Publisher.Close();
        var ids = await Ledger.SubmitManyAsync(20);
        var stopped = Relay.StopAsync(CancellationToken.None);
        Assert.That(Relay.TryReserve(1), Is.Null, "takes no more");
        Publisher.Open();
        await stopped;

        Assert.That(Publisher.TaskIds, Is.EquivalentTo(ids));
        Assert.That(await Ledger.CountAsync("outbox"), Is.Zero);
    }

    [Test]
    public async Task Stopping_gives_up_the_rows_that_it_could_not_publish()
    {
        Publisher.Close();
        await Ledger.SubmitManyAsync(20);
        var rows = await Ledger.CountAsync($"outbox WHERE owner = '{Self}'");
        Assert.That(rows, Is.Positive);

        await Relay.StopAsync(CancellationToken.None);

        Assert.That(await Ledger.CountAsync("outbox WHERE owner IS NULL"), Is.EqualTo(rows));
    }

    [Test]
    public async Task What_is_handed_over_after_the_stop_is_given_up_too()
    {
        var reservation = Relay.TryReserve(1)!;
        await Relay.StopAsync(CancellationToken.None);
        var batch = await InsertRowAsync(1, Self);

        reservation.HandOver([batch]);

        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox WHERE owner IS NULL") == 1);
    }

    [Test]
    public async Task A_row_that_comes_twice_is_published_once_and_counted_once()
    {
        Publisher.Close();
        var batch = await InsertRowAsync(1, Self);
        foreach (var copy in new[] { batch, batch, batch with { Tasks = [] } })
        {
            using var reservation = Relay.TryReserve(1)!;
            reservation.HandOver([copy]);
        }

        Publisher.Open();
        await UntilEmptyAsync();
        Assert.That(Publisher.Confirmed, Has.Count.EqualTo(1));
        Assert.That(Relay.Held, Is.Zero);
    }

    [Test]
    public async Task A_measured_kind_is_packed()
    {
        await Ledger.ExecuteAsync("""
            INSERT INTO messaging.kinds (name, description, queue, input_schema, result_schema, timeout_ms, max_attempts, first_retry_ms, max_retry_ms, mean_run_ms)
            VALUES ('debug.echo', '', 'default', 'true', 'true', 1000, 1, 1, 1, 0.5)
            """);
        await Ledger.Services.GetRequiredService<Messaging.Infrastructure.Store.Kinds.KindCatalog>().RefreshAsync(CancellationToken.None);
        var batch = await InsertRowAsync(70, Self);
        using var reservation = Relay.TryReserve(70)!;
        reservation.HandOver([batch]);

        await UntilEmptyAsync();
        Assert.That(Publisher.Confirmed.Select(c => c.Message.Tasks.Count), Is.EqualTo(new[] { 64, 6 }));
    }

    private Task UntilEmptyAsync() => Eventually.TrueAsync(() => Relay.Held == 0);
}
