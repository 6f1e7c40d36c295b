using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Reconcile;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using RabbitMQ.Client;

namespace Messaging.Tests.EndToEnd;

/// <summary>Real processes with a reconciler that looks every half second: what the broker loses comes back, what it holds stays there.</summary>
[CancelAfter(120_000)]
public sealed class LostInBrokerTests
{
    private static readonly string Queue = QueueNames.OfTasks("default");

    private const string Slow = "PT0.1S";

    private static readonly Dictionary<string, string?> Quick = new()
    {
        ["Messaging__Reconcile__Interval"] = "00:00:00.500",
        ["Messaging__Reconcile__MarkerInterval"] = "00:00:00.200",
        ["Messaging__Reconcile__MarkerPatience"] = "00:00:02",
        ["Messaging__Reconcile__Settle"] = "00:00:01",
        ["Messaging__Reconcile__Margin"] = "00:00:00.500",
    };

    [Test]
    public async Task A_queue_purged_under_a_thousand_waiting_tasks_is_healed(CancellationToken cancellationToken)
    {
        await using var system = await StartAsync();
        await StopConsumersAsync(system);
        await system.SubmitEchoesAsync(1000);
        await PublishedAsync(system);
        await using (var outside = await OutsideAsync(system))
            await outside.Channel.QueuePurgeAsync(Queue, cancellationToken);

        await system.AddConsumerAsync(environment: Quick);

        await system.DrainedAsync(TimeSpan.FromSeconds(30));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(1001));
        Assert.That(await LostAsync(system), Is.EqualTo(1000));
    }

    [Test]
    public async Task A_queue_deleted_under_its_consumer_is_healed(CancellationToken cancellationToken)
    {
        await using var system = await StartAsync(new ConsumerProcessOptions { Concurrency = 1 });
        await system.SubmitEchoesAsync(20, Slow);
        await PublishedAsync(system);
        await using (var outside = await OutsideAsync(system))
            await outside.Channel.QueueDeleteAsync(Queue, cancellationToken: cancellationToken);

        await system.DrainedAsync(TimeSpan.FromSeconds(60));

        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(21));
    }

    [Test]
    [Category("Alone")]
    [NonParallelizable]
    public async Task A_backlog_is_not_published_again_neither_without_a_consumer_nor_behind_a_slow_one()
    {
        await using var system = await StartAsync();
        await system.ScalarAsync("""
            CREATE TABLE messaging.went_out (task_id uuid);
            CREATE FUNCTION messaging.note() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO messaging.went_out SELECT unnest(NEW.task_ids); RETURN NULL; END $$;
            CREATE TRIGGER note AFTER INSERT ON messaging.outbox FOR EACH ROW EXECUTE FUNCTION messaging.note();
            """);
        await StopConsumersAsync(system);
        await system.SubmitEchoesAsync(20_000, Slow);
        await PublishedAsync(system);
        await ChecksAsync(system, 4);
        Assert.That(await system.CountAsync("went_out"), Is.EqualTo(20_000), "nobody listens");

        await system.AddConsumerAsync(new ConsumerProcessOptions { Concurrency = 20 }, Quick);
        await Eventually.TrueAsync(async _ => await system.CountAsync("markers") > 1, TimeSpan.FromSeconds(30)); // one was sent after another
        await ChecksAsync(system, 4);

        Assert.That(await LostAsync(system), Is.Zero);
        Assert.That(await system.CountAsync("open_tasks"), Is.GreaterThan(10_000), "the consumer is slow");
        Assert.That(await system.CountAsync("went_out"), Is.EqualTo(20_000), "not one went out again");
    }

    [Test]
    [Category("Alone")]
    [NonParallelizable]
    public async Task Tasks_that_are_handed_back_again_and_again_are_not_lost(CancellationToken cancellationToken)
    {
        var impatient = new Dictionary<string, string?>(Quick) { ["Messaging__Worker__HandBackAfter"] = "00:00:00.200" };
        await using var system = await StartAsync(environment: impatient, options: new ConsumerProcessOptions { Concurrency = 1 });
        await system.SubmitEchoesAsync(40, "PT0.3S");

        await system.DrainedAsync(TimeSpan.FromSeconds(60));

        Assert.That(await LostAsync(system), Is.Zero);
        var judged = await Eventually.GetAsync(_ => system.CountAsync("markers"), count => count == 0, cancellationToken: cancellationToken);
        Assert.That(judged, Is.Zero);
    }

    /// <summary>Starts a producer and a consumer that has registered its kinds and run one task.</summary>
    private static async Task<RunningSystem> StartAsync(ConsumerProcessOptions? options = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var system = await RunningSystem.StartAsync(0, producerEnvironment: Quick);
        await system.AddConsumerAsync(options, environment ?? Quick);
        await Eventually.GetAsync(_ => system.CountAsync("kinds"), count => count > 0);
        await system.SubmitEchoesAsync(1, Slow); // measured as slow, the kind is not packed
        await system.DrainedAsync(TimeSpan.FromSeconds(15));
        return system;
    }

    private static async Task StopConsumersAsync(RunningSystem system)
    {
        foreach (var consumer in system.Consumers)
        {
            await consumer.StopAsync();
            await consumer.DisposeAsync();
        }

        system.Consumers.Clear();
        await Eventually.GetAsync(_ => system.CountAsync("workers WHERE role = 'consumer'"), count => count == 0, TimeSpan.FromSeconds(30));
    }

    private static async Task PublishedAsync(RunningSystem system) =>
        await Eventually.GetAsync(_ => system.CountAsync("outbox"), count => count == 0, TimeSpan.FromSeconds(30));

    private static async Task<long> LostAsync(RunningSystem system) =>
        await system.ScalarAsync($"SELECT repaired FROM messaging.ledger_repairs WHERE sort = '{RepairSorts.LostInBroker}'") as long? ?? 0;

    /// <summary>Returns when that many checks were made.</summary>
    private static async Task ChecksAsync(RunningSystem system, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var last = await system.ScalarAsync("SELECT checked_at FROM messaging.ledger_check");
            await Eventually.GetAsync(_ => system.ScalarAsync("SELECT checked_at FROM messaging.ledger_check"), at => !Equals(at, last));
        }
    }

    private static async Task<Connected> OutsideAsync(RunningSystem system)
    {
        var connection = await new ConnectionFactory { Uri = system.Connections.RabbitMq }.CreateConnectionAsync();
        return new Connected(connection, await connection.CreateChannelAsync());
    }

    private sealed record Connected(IConnection Connection, IChannel Channel) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Channel.DisposeAsync();
            await Connection.DisposeAsync();
        }
    }
}
