using System.Net.Sockets;
using System.Text;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;
using Messaging.Tests.Support;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Tests.Integration.Broker;

public sealed class PublisherTests : BrokerTest
{
    private const string Queue = "messaging.tasks.default";

    [Test]
    public async Task A_message_is_durable_plain_JSON_without_an_envelope(CancellationToken cancellationToken)
    {
        var id = await PublishAsync(cancellationToken);

        var message = (await Outside.BasicGetAsync(Queue, autoAck: true, cancellationToken))!;
        Assert.That(Encoding.UTF8.GetString(message.Body.Span), Is.EqualTo(
            $$$"""{"v":1,"tasks":[{"id":"{{{id}}}","rev":0,"kind":"debug.echo","input":{"message":"hello"},"timeoutMs":30000,"maxAttempts":3}]}"""));
        Assert.That(message.BasicProperties.ContentType, Is.EqualTo("application/json"));
        Assert.That(message.BasicProperties.DeliveryMode, Is.EqualTo(DeliveryModes.Persistent));
    }

    [Test]
    public async Task Queues_have_the_arguments_of_day_one(CancellationToken cancellationToken)
    {
        await PublishAsync(cancellationToken);

        // Declaring with equal arguments is allowed, with others it is an error.
        await DeclareAsync(Queue, new()
        {
            ["x-queue-type"] = "quorum",
            ["x-delivery-limit"] = 1_000_000,
            ["x-dead-letter-exchange"] = "messaging.dead-tasks",
            ["x-dead-letter-strategy"] = "at-least-once",
            ["x-overflow"] = "reject-publish",
        });
        await DeclareAsync("messaging.dead-tasks", new() { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 1_000_000 });
        Assert.That(
            async () => await DeclareAsync(Queue, new() { ["x-queue-type"] = "quorum" }),
            Throws.InstanceOf<OperationInterruptedException>().With.Message.Contains("PRECONDITION_FAILED"));
    }

    [Test]
    public async Task A_message_that_is_returned_because_its_queue_is_gone_is_an_error_and_the_queue_is_declared_anew(CancellationToken cancellationToken)
    {
        await PublishAsync(cancellationToken);
        await Outside.QueueDeleteAsync(Queue, cancellationToken: cancellationToken);

        Assert.That(async () => await PublishAsync(cancellationToken), Throws.Exception);
        await PublishAsync(cancellationToken);

        Assert.That(await Broker.ReadyMessagesAsync(Queue, cancellationToken), Is.EqualTo(1));
    }

    [Test]
    public async Task Tasks_reach_a_queue_that_was_deleted_under_the_relay(CancellationToken cancellationToken)
    {
        await Relay.StartAsync(cancellationToken);
        await PublishAsync(cancellationToken);
        await Outside.QueueDeleteAsync(Queue, cancellationToken: cancellationToken);
        await Outside.ExchangeDeleteAsync(Queue, cancellationToken: cancellationToken);

        await Ledger.SubmitManyAsync(20);
        await Eventually.TrueAsync(() => Relay.Held == 0, TimeSpan.FromSeconds(40));

        Assert.That(await Broker.ReadyMessagesAsync(Queue, cancellationToken), Is.EqualTo(20));
        Assert.That(await Ledger.CountAsync("outbox"), Is.Zero);
        await Relay.StopAsync(cancellationToken);
    }

    [Test]
    public async Task A_queue_that_exists_with_other_arguments_is_an_error_that_says_so(CancellationToken cancellationToken)
    {
        await DeclareAsync(Queue, []);
        Assert.That(
            async () => await PublishAsync(cancellationToken),
            Throws.InstanceOf<OperationInterruptedException>().With.Message.Contains("inequivalent arg"));
    }

    [Test]
    public async Task Many_sends_at_once_are_all_confirmed(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => PublishAsync(cancellationToken, i % 2 == 0 ? "default" : "other")));

        Assert.That(await Broker.ReadyMessagesAsync(Queue, cancellationToken), Is.EqualTo(250));
        Assert.That(await Broker.ReadyMessagesAsync("messaging.tasks.other", cancellationToken), Is.EqualTo(250));
        Assert.That(Health.Connected);
    }

    [Test]
    public async Task A_broken_connection_is_made_again(CancellationToken cancellationToken)
    {
        await PublishAsync(cancellationToken);
        // The management API learns of a connection some seconds after it was made.
        await Eventually.GetAsync(token => Broker.CutConnectionsAsync(token), cut => cut > 0, TimeSpan.FromSeconds(20), cancellationToken);

        await Eventually.GetAsync(token => PublishAsync(token), _ => true, TimeSpan.FromSeconds(30), cancellationToken);
    }

    [Test]
    public async Task While_the_broker_is_away_the_start_does_not_wait_and_a_send_fails_at_once(CancellationToken cancellationToken)
    {
        await using var alone = await MakeLedgerAsync(new Uri("amqp://127.0.0.1:1"));
        var bus = alone.Services.GetService(typeof(PublishingBus)) as PublishingBus;
        await bus!.StartAsync(cancellationToken);
        var publisher = (ITaskPublisher)alone.Services.GetService(typeof(ITaskPublisher))!;
        var message = new RunTasks([new RunTask(Guid.NewGuid(), 0, "k", "{}"u8.ToArray(), TimeSpan.FromSeconds(1), 1, null)]);

        var failure = Assert.CatchAsync(async () => await publisher.PublishAsync("default", message, cancellationToken));

        Assert.That(failure, Is.Not.InstanceOf<OperationCanceledException>());
        Assert.That(failure!.GetBaseException(), Is.InstanceOf<SocketException>());
        Assert.That(bus.Connected, Is.False);
    }

    private async Task DeclareAsync(string name, Dictionary<string, object?> arguments) =>
        await Outside.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments);
}
