using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Store.Depth;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using Npgsql;

namespace Messaging.Tests.Integration.Amqp;

/// <summary>What can't be decided now is neither refused nor lost: the message waits.</summary>
[CancelAfter(60_000)]
public sealed class AmqpWaitTests
{
    [Test]
    public async Task A_message_for_a_full_queue_waits_until_it_has_room_and_one_for_a_closed_queue_is_set_aside(CancellationToken cancellationToken)
    {
        await using var broker = await TestBroker.CreateAsync(cancellationToken);
        await using var producer = await StartAsync(broker, "--Messaging:Queues:MaxDepthOf:small=2", "--Messaging:Queues:MaxDepthOf:closed=0", "--Messaging:Queues:CountEvery=00:05:00");
        await Eventually.TrueAsync(() => producer.Get<QueueDepths>().IsCounted, cancellationToken: cancellationToken);
        await using var client = await AmqpClient.ConnectAsync(broker.Uri);
        for (var i = 0; i < 3; i++)
            await client.PublishAsync(Message($"small-{i}", "small"));
        await client.PublishAsync(Message("closed", "closed"));
        await client.PublishAsync(Message("other", "other"));
        await Eventually.GetAsync(_ => CountAsync(producer, "tasks"), seen => seen == 3, cancellationToken: cancellationToken);
        var rejected = await Eventually.GetAsync(_ => client.TakeRejectedAsync(), found => found is not null, cancellationToken: cancellationToken);
        var full = await CountAsync(producer, "tasks WHERE queue = 'small'");

        var ended = (Guid)(await producer.ScalarAsync("SELECT id FROM messaging.tasks WHERE queue = 'small' LIMIT 1"))!;
        await producer.EndAsync(ended);
        await producer.Get<QueueDepths>().CountAsync(cancellationToken);
        await Eventually.GetAsync(_ => CountAsync(producer, "tasks WHERE queue = 'small'"), seen => seen == 3, cancellationToken: cancellationToken);

        Assert.That(full, Is.EqualTo(2));
        Assert.That(System.Text.Encoding.UTF8.GetString(rejected!.Body.Span), Does.Contain("closed"));
        Assert.That(await client.TakeRejectedAsync(), Is.Null);
    }

    [Test]
    public async Task A_message_whose_key_is_in_an_open_transaction_waits_for_its_end(CancellationToken cancellationToken)
    {
        await using var broker = await TestBroker.CreateAsync(cancellationToken);
        await using var producer = await StartAsync(broker, "--Messaging:Idempotency:MaxUndecided=00:00:00.2");
        await using var client = await AmqpClient.ConnectAsync(broker.Uri);
        var postgres = producer.Get<Microsoft.Extensions.Options.IOptions<Infrastructure.Store.Connections.LedgerOptions>>().Value.Postgres;
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var submit = new NpgsqlCommand("""SELECT messaging.submit('debug.echo', '{"message":"m"}', '{"idempotencyKey":"held","queue":"q"}')""", connection);
        var id = (Guid)(await submit.ExecuteScalarAsync(cancellationToken))!;
        var asked = client.AskAsync(Message("held", "q"));
        await client.AskAsync(Message("another", "q")); // which is not held up
        // The second look at the key: the first was given up after 0.2 s.
        await Eventually.GetAsync(
            _ => producer.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'messaging-durable'"), seen => seen is > 0L, cancellationToken: cancellationToken);
        var before = asked.IsCompleted;
        await transaction.CommitAsync(cancellationToken);

        Assert.That(before, Is.False);
        Assert.That((await asked).Body, Does.Contain(id.ToString()).And.Contain("\"replayed\":true"));
        Assert.That(await client.TakeRejectedAsync(), Is.Null);
    }

    [Test]
    public async Task Large_messages_wait_in_the_broker_and_not_in_the_producers_memory(CancellationToken cancellationToken)
    {
        const int messages = 100;
        await using var broker = await TestBroker.CreateAsync(cancellationToken);
        await using var producer = await StartAsync(broker);
        await using var client = await AmqpClient.ConnectAsync(broker.Uri);
        var postgres = producer.Get<Microsoft.Extensions.Options.IOptions<Infrastructure.Store.Connections.LedgerOptions>>().Value.Postgres;
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync(cancellationToken);
        // The ledger is there and takes nothing.
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var hold = new NpgsqlCommand("LOCK TABLE messaging.open_tasks IN SHARE MODE", connection))
            await hold.ExecuteNonQueryAsync(cancellationToken);
        var padding = new string('x', 200_000);
        for (var i = 0; i < messages; i++)
            await client.PublishAsync($$$"""{"id":"large-{{{i}}}","kind":"debug.echo","input":{"message":"{{{padding}}}"}}""");
        await Eventually.GetAsync(
            _ => producer.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'messaging-durable'"), seen => seen is > 0L, cancellationToken: cancellationToken);
        var waiting = await client.Channel.MessageCountAsync("messaging.submit", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await Eventually.GetAsync(_ => CountAsync(producer, "tasks"), seen => seen == messages, cancellationToken: cancellationToken);
        // Small ones again: it takes many.
        for (var i = 0; i < messages; i++)
            await client.PublishAsync(Message($"small-{i}", "q"));
        await Eventually.GetAsync(_ => CountAsync(producer, "tasks"), seen => seen == 2 * messages, cancellationToken: cancellationToken);

        Assert.That(waiting, Is.EqualTo(messages - SubmitWindow.Few));
        Assert.That(await client.TakeRejectedAsync(), Is.Null);
    }

    private static async Task<ProducerHarness> StartAsync(TestBroker broker, params string[] settings)
    {
        var producer = await ProducerHarness.StartAsync([$"--Messaging:RabbitMq={broker.Uri}", .. settings]);
        await Eventually.TrueAsync(() => producer.Get<SubmitEndpoint>().IsConsuming);
        return producer;
    }

    private static string Message(string id, string queue) => $$$"""{"id":"{{{id}}}","kind":"debug.echo","input":{"message":"m"},"queue":"{{{queue}}}"}""";

    private static async Task<long> CountAsync(ProducerHarness producer, string from) => (long)(await producer.ScalarAsync($"SELECT count(*) FROM messaging.{from}"))!;
}
