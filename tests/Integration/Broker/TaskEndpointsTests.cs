using System.Text;
using Messaging.Tests.Support;
using RabbitMQ.Client;

namespace Messaging.Tests.Integration.Broker;

public sealed class TaskEndpointsTests : BrokerTest
{
    private const string Queue = "messaging.tasks.default";
    private const string Rejected = "messaging.rejected-tasks";

    [Test]
    public async Task What_is_published_is_delivered_and_acknowledged(CancellationToken cancellationToken)
    {
        await ListenAsync();
        var id = await PublishAsync(cancellationToken);

        var delivery = await Receiver.NextAsync(cancellationToken);
        Assert.That(delivery.Queue, Is.EqualTo("default"));
        Assert.That(delivery.Message.Tasks.Single().Id, Is.EqualTo(id));
        Assert.That(Encoding.UTF8.GetString(delivery.Message.Tasks[0].Input.Span), Is.EqualTo("""{"message":"hello"}"""));
        await Endpoints.StopAsync(cancellationToken);
        Assert.That(await Broker.ReadyMessagesAsync(Queue, cancellationToken), Is.Zero);
    }

    [Test]
    public async Task As_many_are_delivered_at_once_as_are_prefetched_and_a_settled_one_makes_room(CancellationToken cancellationToken)
    {
        var gates = new Queue<TaskCompletionSource>();
        Receiver.Handle = _ =>
        {
            var gate = new TaskCompletionSource();
            gates.Enqueue(gate);
            return gate.Task;
        };
        await ListenAsync();
        for (var i = 0; i < Prefetch + 5; i++)
            await PublishAsync(cancellationToken);
        for (var i = 0; i < Prefetch; i++)
            await Receiver.NextAsync(cancellationToken);
        Assert.That(await Broker.ReadyMessagesAsync(Queue, cancellationToken), Is.EqualTo(5));

        gates.Dequeue().SetResult();
        await Receiver.NextAsync(cancellationToken);
        Assert.That(await Broker.ReadyMessagesAsync(Queue, cancellationToken), Is.EqualTo(4));
    }

    [Test]
    public async Task Stopping_returns_what_is_not_settled_and_tells_whoever_works_on_it(CancellationToken cancellationToken)
    {
        Receiver.Handle = delivery => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, delivery.Ended);
        await ListenAsync();
        await PublishAsync(cancellationToken);
        await PublishAsync(cancellationToken);
        var (first, second) = (await Receiver.NextAsync(cancellationToken), await Receiver.NextAsync(cancellationToken));

        await Endpoints.StopAsync(cancellationToken);

        Assert.That((first.Ended.IsCancellationRequested, second.Ended.IsCancellationRequested), Is.EqualTo((true, true)));
        await Eventually.TrueAsync(async token => await Broker.ReadyMessagesAsync(Queue, token) == 2, cancellationToken: cancellationToken);
    }

    [Test]
    public async Task A_delivery_that_its_receiver_failed_comes_again(CancellationToken cancellationToken)
    {
        var failed = false;
        Receiver.Handle = _ => failed ? Task.CompletedTask : throw new InvalidOperationException($"{failed = true}");
        await ListenAsync();
        var id = await PublishAsync(cancellationToken);

        Assert.That((await Receiver.NextAsync(cancellationToken)).Message.Tasks[0].Id, Is.EqualTo(id));
        Assert.That((await Receiver.NextAsync(cancellationToken)).Message.Tasks[0].Id, Is.EqualTo(id));
    }

    [TestCase("hello", "'h' is an invalid start of a value")]
    [TestCase("""{"v":1,"tasks":"none"}""", "'tasks' is not an array")]
    [TestCase("""{"v":7,"tasks":[]}""", "version 7")]
    public async Task What_can_not_be_read_is_set_aside_with_the_reason(string body, string reason, CancellationToken cancellationToken)
    {
        await ListenAsync();
        await PutAsync(body, cancellationToken);

        var message = await Eventually.GetAsync(
            async token => await Broker.ReadyMessagesAsync(Rejected, token) > 0 ? await Outside.BasicGetAsync(Rejected, true, token) : null,
            seen => seen is not null,
            cancellationToken: cancellationToken);
        Assert.That(Encoding.UTF8.GetString(message!.Body.Span), Is.EqualTo(body));
        Assert.That(Header(message, "messaging-reason"), Does.Contain(reason));
        Assert.That(Header(message, "messaging-queue"), Is.EqualTo(Queue));

        var id = await PublishAsync(cancellationToken);
        Assert.That((await Receiver.NextAsync(cancellationToken)).Message.Tasks[0].Id, Is.EqualTo(id), "the endpoint goes on");
        await Endpoints.StopAsync(cancellationToken);
        Assert.That(await Broker.ReadyMessagesAsync(Queue, cancellationToken), Is.Zero, "and the bad one does not come again");
    }

    [Test]
    public async Task Ten_megabytes_that_are_no_message_are_set_aside_whole(CancellationToken cancellationToken)
    {
        await ListenAsync();
        await PutAsync(new string('x', 10 * 1024 * 1024), cancellationToken);

        var message = await Eventually.GetAsync(
            async token => await Broker.ReadyMessagesAsync(Rejected, token) > 0 ? await Outside.BasicGetAsync(Rejected, true, token) : null,
            seen => seen is not null,
            cancellationToken: cancellationToken);
        Assert.That(message!.Body.Length, Is.EqualTo(10 * 1024 * 1024));
        Assert.That(Header(message, "messaging-reason"), Does.Contain("invalid start of a value"));
    }

    [Test]
    public async Task What_the_broker_gives_up_delivering_goes_back_to_the_outbox(CancellationToken cancellationToken)
    {
        await PublishAsync(cancellationToken, "other"); // declares the queues
        await PublishAsync(cancellationToken);
        await Outside.QueuePurgeAsync(Queue, cancellationToken);
        var ids = await Ledger.SubmitManyAsync(1);
        await Ledger.ExecuteAsync("DELETE FROM messaging.outbox");
        await PutAsync(
            $$$"""{"v":1,"tasks":[{"id":"{{{ids[0]}}}","kind":"k","input":1,"timeoutMs":1},{"id":"{{{Guid.NewGuid()}}}","kind":"k","input":1,"timeoutMs":1}]}""",
            cancellationToken);
        var message = await Eventually.GetAsync(
            token => Outside.BasicGetAsync(Queue, autoAck: false, token), seen => seen is not null, cancellationToken: cancellationToken);
        await Outside.BasicRejectAsync(message!.DeliveryTag, requeue: false, cancellationToken);
        await Eventually.TrueAsync(
            async token => await Broker.ReadyMessagesAsync("messaging.dead-tasks", token) == 1, cancellationToken: cancellationToken);

        await ListenAsync();

        await Eventually.TrueAsync(async _ => await Ledger.CountAsync("outbox WHERE owner IS NULL") == 1, cancellationToken: cancellationToken);
        Assert.That(await Ledger.ScalarAsync("SELECT task_ids FROM messaging.outbox"), Is.EqualTo(ids), "only what is still queued");
        await Eventually.TrueAsync(
            async token => await Broker.ReadyMessagesAsync("messaging.dead-tasks", token) == 0, cancellationToken: cancellationToken);
    }

    [Test]
    public async Task A_broken_connection_is_made_again_and_deliveries_go_on(CancellationToken cancellationToken)
    {
        await ListenAsync();
        await PublishAsync(cancellationToken);
        await Receiver.NextAsync(cancellationToken);
        await Eventually.GetAsync(token => Broker.CutConnectionsAsync(token), cut => cut >= 2, TimeSpan.FromSeconds(20), cancellationToken);
        await Eventually.TrueAsync(() => !Health.ConsumersRegistered, cancellationToken: cancellationToken);

        await Eventually.TrueAsync(() => Health.ConsumersRegistered, TimeSpan.FromSeconds(30), cancellationToken);
        var id = await Eventually.GetAsync(token => PublishAsync(token), _ => true, TimeSpan.FromSeconds(30), cancellationToken);
        await Receiver.ReadAllAsync([id], cancellationToken);
    }

    private static string Header(BasicGetResult message, string name) => Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers![name]!);
}
