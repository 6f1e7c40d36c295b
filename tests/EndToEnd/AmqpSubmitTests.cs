using System.Diagnostics;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.EndToEnd;

/// <summary>What the broker has confirmed runs once, whoever dies or is away meanwhile.</summary>
public sealed class AmqpSubmitTests
{
    private const string Submit = "messaging.submit";

    [TestCase(true, TestName = "A producer killed in the middle of 20,000 messages")]
    [TestCase(false, TestName = "A producer told to stop in the middle of 20,000 messages")]
    public async Task A_producer_killed_in_the_middle_of_20_000_messages_loses_none_and_makes_none_twice(bool kill)
    {
        const int count = 20_000;
        await using var broker = await TestBroker.CreateAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 1, rabbitMq: broker.Uri);
        await using var client = await ConnectAsync(broker, system);
        var watch = Stopwatch.StartNew();
        var publishing = PublishAsync(client, 0, count);
        await Eventually.GetAsync(_ => system.CountAsync("tasks"), seen => seen > 3_000, TimeSpan.FromSeconds(60));
        if (kill)
            await system.Producer.KillAsync();
        else
            Assert.That(await system.Producer.StopAsync(), Is.True, system.Producer.Process.LastLines());
        var atKill = await system.CountAsync("tasks");
        await using var second = await ProducerProcess.StartAsync(system.Connections);
        await publishing;
        await Eventually.GetAsync(_ => system.CountAsync("tasks"), seen => seen >= count, TimeSpan.FromSeconds(60));
        await Eventually.GetAsync(token => broker.ReadyMessagesAsync(Submit, token), left => left == 0u, TimeSpan.FromSeconds(30));
        await system.DrainedAsync(TimeSpan.FromMinutes(2));
        await TestContext.Out.WriteLineAsync($"{atKill:N0} tasks at its end; all {count:N0} run {watch.Elapsed.TotalSeconds:0.0} s after the first message");

        Assert.That(atKill, Is.LessThan(count), "in the middle");
        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(count));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(count));
        Assert.That(await broker.ReadyMessagesAsync($"{Submit}.rejected"), Is.Zero);
    }

    [Test]
    public async Task While_Postgres_is_away_messages_wait_and_then_become_tasks()
    {
        await using var postgres = new PostgresServer();
        await postgres.StartAsync();
        await TestLedger.MigrateAsync(postgres.ConnectionString);
        await using var broker = await TestBroker.CreateAsync();
        await using var system = await RunningSystem.StartAsync(
            consumers: 1,
            rabbitMq: broker.Uri,
            producerEnvironment: new Dictionary<string, string?> { ["Messaging__MaxWait"] = "00:00:02" },
            postgres: postgres.ConnectionString);
        await using var client = await ConnectAsync(broker, system);
        await PublishAsync(client, 0, 100);
        await Eventually.GetAsync(_ => system.CountAsync("tasks"), seen => seen == 100, TimeSpan.FromSeconds(30));

        await postgres.StopAsync();
        await PublishAsync(client, 100, 2_000);
        // Said when the first of them has been given up by its commit and waits for another try.
        await Eventually.TrueAsync(
            () => system.Producer.Process.Lines.Any(line => line.Contains("came over AMQP wait for the ledger", StringComparison.Ordinal)), TimeSpan.FromSeconds(40));
        Assert.That(await broker.ReadyMessagesAsync($"{Submit}.rejected"), Is.Zero);
        // As many are with the producer as it prefetches, the others wait in the queue.
        await Eventually.GetAsync(token => broker.ReadyMessagesAsync(Submit, token), waiting => waiting == 1_750u);
        await postgres.StartAsync();
        await Eventually.GetAsync(_ => system.CountAsync("tasks"), seen => seen == 2_100, TimeSpan.FromSeconds(60));
        await system.DrainedAsync(TimeSpan.FromSeconds(60));

        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(2_100));
        Assert.That(await broker.ReadyMessagesAsync($"{Submit}.rejected"), Is.Zero);
    }

    [Test]
    public async Task A_broker_that_restarts_in_between_delivers_again_and_nothing_is_made_twice()
    {
        await using var rabbitMq = new RabbitMqServer();
        await rabbitMq.StartAsync();
        await using var system = await RunningSystem.StartAsync(consumers: 1, rabbitMq: rabbitMq.Uri);
        await Eventually.TrueAsync(() => system.Producer.Process.Lines.Any(line => line.Contains("Taking tasks from messaging.submit", StringComparison.Ordinal)));
        await using (var client = await AmqpClient.ConnectAsync(rabbitMq.Uri))
            await PublishAsync(client, 0, 3_000);
        await rabbitMq.StopAsync();
        await rabbitMq.StartAsync();
        // Whoever did not learn of a confirm publishes again: here all of them.
        await using (var client = await Eventually.GetAsync(_ => AmqpClient.ConnectAsync(rabbitMq.Uri), _ => true, TimeSpan.FromSeconds(30)))
            await PublishAsync(client, 0, 3_000);
        await Eventually.GetAsync(_ => system.CountAsync("tasks"), seen => seen >= 3_000, TimeSpan.FromSeconds(60));
        await system.DrainedAsync(TimeSpan.FromSeconds(60));
        await using var outside = await AmqpClient.ConnectAsync(rabbitMq.Uri);
        await Eventually.GetAsync(async token => (await outside.Channel.QueueDeclarePassiveAsync(Submit, token)).MessageCount, left => left == 0, TimeSpan.FromSeconds(30));

        Assert.That(await system.CountAsync("tasks"), Is.EqualTo(3_000));
        Assert.That(await system.CountAsync("outcomes WHERE state = 4"), Is.EqualTo(3_000));
    }

    private static async Task<AmqpClient> ConnectAsync(TestBroker broker, RunningSystem system)
    {
        // Not only declared: bound, too.
        await Eventually.TrueAsync(() => system.Producer.Process.Lines.Any(line => line.Contains("Taking tasks from messaging.submit", StringComparison.Ordinal)), TimeSpan.FromSeconds(30));
        return await AmqpClient.ConnectAsync(broker.Uri);
    }

    private static Task PublishAsync(AmqpClient client, int from, int count) => Parallel.ForEachAsync(
        Enumerable.Range(from, count),
        new ParallelOptions { MaxDegreeOfParallelism = 200 },
        async (i, _) => await client.PublishAsync($$$"""{"id":"message-{{{i}}}","kind":"debug.echo","input":{"message":"{{{i}}}"}}"""));
}
