using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Tests.Integration.Broker;

/// <summary>The express way on a real RabbitMQ: copies arrive, and whatever befalls it befalls nothing else.</summary>
public sealed class ExpressTests : BrokerTest
{
    private IExpressPublisher Express => Ledger.Services.GetRequiredService<IExpressPublisher>();

    [Test]
    public async Task A_copy_comes_as_it_was_sent_and_its_queue_goes_with_the_last_consumer(CancellationToken cancellationToken)
    {
        await using var endpoint = await HearAsync(cancellationToken);
        var task = NewTask();

        await OfferAsync("default", task, cancellationToken);
        var (queue, message) = await ExpressReceiver.NextAsync(cancellationToken);

        Assert.That(queue, Is.EqualTo("default"));
        Assert.That(message.Tasks.Single() with { Input = default }, Is.EqualTo(task with { Input = default }));
        Assert.That(message.Tasks[0].Input.ToArray(), Is.EqualTo(task.Input.ToArray()));
        Assert.That((await Outside.QueueDeclarePassiveAsync("messaging.express.default", cancellationToken)).MessageCount, Is.Zero, "nothing waits to be acknowledged");
        await endpoint.DisposeAsync();
        await Eventually.TrueAsync(async _ => !await ExistsAsync("messaging.express.default"), TimeSpan.FromSeconds(15), cancellationToken);
    }

    [Test]
    public async Task A_copy_for_a_queue_that_nobody_listens_on_is_dropped_and_the_next_arrives(CancellationToken cancellationToken)
    {
        await using var endpoint = await HearAsync(cancellationToken);
        await OfferAsync("nobody", NewTask(), cancellationToken);
        var task = NewTask();
        await OfferAsync("default", task, cancellationToken);

        Assert.That((await ExpressReceiver.NextAsync(cancellationToken)).Message.Tasks[0].Id, Is.EqualTo(task.Id));
    }

    [Test]
    public async Task After_a_broken_connection_copies_come_again(CancellationToken cancellationToken)
    {
        await using var endpoint = await HearAsync(cancellationToken);
        await OfferAsync("default", NewTask(), cancellationToken);
        await ExpressReceiver.NextAsync(cancellationToken);

        // A queue that is gone under its consumer: the broker cancels it.
        await Outside.QueueDeleteAsync("messaging.express.default", ifUnused: false, ifEmpty: false, cancellationToken: cancellationToken);
        await Eventually.TrueAsync(() => !endpoint.Value.IsConnected, TimeSpan.FromSeconds(15), cancellationToken);
        await Eventually.TrueAsync(() => endpoint.Value.IsConnected, TimeSpan.FromSeconds(30), cancellationToken);
        var task = NewTask();
        await OfferAsync("default", task, cancellationToken);
        Assert.That((await ExpressReceiver.NextAsync(cancellationToken)).Message.Tasks[0].Id, Is.EqualTo(task.Id));

        // An exchange that is gone: the broker closes the sender's channel, which declares it anew.
        await Outside.ExchangeDeleteAsync("messaging.express", cancellationToken: cancellationToken);
        await Eventually.TrueAsync(() => !Express.Offer("default", new RunTasks([NewTask()])), TimeSpan.FromSeconds(15), cancellationToken);
        await OfferAsync("default", NewTask(), cancellationToken);
        await Outside.ExchangeDeclarePassiveAsync("messaging.express", cancellationToken);
    }

    [Test]
    public async Task Without_a_broker_nothing_is_taken_and_nothing_thrown(CancellationToken cancellationToken)
    {
        await using var alone = await MakeLedgerAsync(new Uri("amqp://guest:guest@127.0.0.1:1/none"));
        var publisher = alone.Services.GetRequiredService<ExpressPublisher>();
        await publisher.StartAsync(cancellationToken);

        Assert.That(publisher.Offer("default", new RunTasks([NewTask()])), Is.False);
        await publisher.StopAsync(cancellationToken);
    }

    private static RunTask NewTask() => new(Guid.NewGuid(), 0, "debug.echo", """{"message":"quick"}"""u8.ToArray(), TimeSpan.FromSeconds(30), 3, null);

    /// <summary>Offers until the connection is there.</summary>
    private async Task OfferAsync(string queue, RunTask task, CancellationToken cancellationToken) =>
        await Eventually.TrueAsync(() => Express.Offer(queue, new RunTasks([task])), TimeSpan.FromSeconds(30), cancellationToken);

    private async Task<Listening> HearAsync(CancellationToken cancellationToken)
    {
        await Ledger.Services.GetRequiredService<ExpressPublisher>().StartAsync(cancellationToken);
        var endpoint = Ledger.Services.GetRequiredService<ExpressEndpoint>();
        await endpoint.StartAsync(cancellationToken);
        await Eventually.TrueAsync(() => endpoint.IsConnected, TimeSpan.FromSeconds(30), cancellationToken);
        return new Listening(endpoint);
    }

    private async Task<bool> ExistsAsync(string queue)
    {
        await using var connection = await new RabbitMQ.Client.ConnectionFactory { Uri = Broker.Uri }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            await channel.QueueDeclarePassiveAsync(queue);
            return true;
        }
        catch (OperationInterruptedException)
        {
            return false;
        }
    }

    private sealed class Listening(ExpressEndpoint endpoint) : IAsyncDisposable
    {
        public ExpressEndpoint Value { get; } = endpoint;

        public async ValueTask DisposeAsync() => await Value.StopAsync(CancellationToken.None);
    }
}
