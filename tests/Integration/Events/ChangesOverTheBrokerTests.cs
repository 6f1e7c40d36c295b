using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Tests.Integration.Http;
using Messaging.Tests.Support;
using RabbitMQ.Client;

namespace Messaging.Tests.Integration.Events;

/// <summary>Two producers on one ledger and one virtual host: what the one commits the other hears.</summary>
[CancelAfter(90_000)]
public sealed class ChangesOverTheBrokerTests
{
    private TestBroker _broker = null!;
    private TestDatabase _database = null!;
    private ProducerHarness _one = null!;
    private ProducerHarness _two = null!;

    [SetUp]
    public async Task Start()
    {
        _broker = await TestBroker.CreateAsync();
        _database = await TestDatabase.CreateAsync(TestLedger.MigrateAsync);
        _one = await StartAsync();
        _two = await StartAsync();
    }

    [TearDown]
    public async Task Stop()
    {
        await _two.DisposeAsync();
        await _one.DisposeAsync();
        await _database.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Test]
    public async Task Nothing_is_said_until_somebody_listens_and_then_it_is_heard_elsewhere(CancellationToken cancellationToken)
    {
        var (said, heard) = (Made(_two), Known(_one));
        await _two.EndAsync((await _two.SubmitAsync()).Id);
        Assert.That((said.Count, _two.Get<TaskChanges>().Wanted), Is.EqualTo((0, false)));

        var task = await _one.SubmitAsync();
        using var stream = await _one.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        await stream.NextAsync(cancellationToken);
        await Eventually.TrueAsync(() => _two.Get<TaskChanges>().Wanted, cancellationToken: cancellationToken);
        await _two.EndAsync(task.Id);

        await Eventually.TrueAsync(() => heard.Contains(task.Id), cancellationToken: cancellationToken);
        Assert.That(said, Does.Contain(task.Id));
        Assert.That((await stream.RestAsync(cancellationToken))[^1].Name, Is.EqualTo("task.succeeded"));
        await Eventually.TrueAsync(() => !_two.Get<TaskChanges>().Wanted, cancellationToken: cancellationToken);
    }

    [Test]
    public async Task A_producers_queue_is_its_own_and_goes_with_its_connection(CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = _broker.Uri }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.BasicPublishAsync(QueueNames.TasksChanged, "", false, """{"v":7,"else":1}"""u8.ToArray(), cancellationToken);
        await channel.BasicPublishAsync(QueueNames.TasksChanged, "", false, "no JSON"u8.ToArray(), cancellationToken);
        var heard = Known(_one);
        var id = Guid.NewGuid();
        await channel.BasicPublishAsync(QueueNames.TasksChanged, "", false, System.Text.Encoding.UTF8.GetBytes($$"""{"v":1,"ids":["{{id}}"]}"""), cancellationToken);
        await Eventually.TrueAsync(() => heard.Contains(id), cancellationToken: cancellationToken);

        Assert.That(await _broker.CutConnectionsAsync(cancellationToken), Is.GreaterThanOrEqualTo(0));
        await _one.App.StopAsync(cancellationToken);
        Assert.That(_one.Get<ChangeEndpoint>().IsConnected, Is.False);
    }

    [Test]
    public async Task After_the_connection_broke_it_listens_again(CancellationToken cancellationToken)
    {
        var endpoint = _one.Get<ChangeEndpoint>();
        // The management API learns of a connection some seconds late.
        await Eventually.TrueAsync(
            async token => await _broker.CutConnectionsAsync(token) > 0 && await LostAsync(endpoint, token), TimeSpan.FromSeconds(40), cancellationToken);
        await Eventually.TrueAsync(() => endpoint.IsConnected, TimeSpan.FromSeconds(20), cancellationToken);

        var task = await _one.SubmitAsync();
        using var stream = await _one.OpenTaskAsync(task.Id, cancellationToken: cancellationToken);
        await _two.EndAsync(task.Id);
        Assert.That((await stream.RestAsync(cancellationToken))[^1].Name, Is.EqualTo("task.succeeded"));
    }

    [Test]
    public async Task A_long_wait_is_told_of_the_end_and_says_that_it_wants_to_be(CancellationToken cancellationToken)
    {
        var task = await _one.SubmitAsync();
        var waiting = _one.GetAsync($"/v1/tasks/{task.Id}?wait=PT50S");
        await Eventually.TrueAsync(() => _two.Get<InstanceProfile>().Listening() || _two.Get<TaskChanges>().Wanted, cancellationToken: cancellationToken);
        await _two.Get<ClaimStage>().ClaimAsync(new ClaimRequest(task.Id, new Fence(_two.Worker, 999)), cancellationToken);
        Assert.That(waiting.IsCompleted, Is.False);
        await _two.FinishAsync(new Messaging.Infrastructure.Store.Finish.Ended(
            task.Id, new Fence(_two.Worker, 999), 1, Messaging.Contracts.Tasks.TaskState.Succeeded, "{}"u8.ToArray(), null));

        using var answer = await waiting;
        Assert.That((await ProducerHarness.ReadAsync<Messaging.Contracts.Http.TaskResponse>(answer)).State, Is.EqualTo(Messaging.Contracts.Tasks.TaskState.Succeeded));
    }

    private static async Task<bool> LostAsync(ChangeEndpoint endpoint, CancellationToken cancellationToken)
    {
        try
        {
            await Eventually.TrueAsync(() => !endpoint.IsConnected, TimeSpan.FromSeconds(1), cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task<ProducerHarness> StartAsync()
    {
        var producer = await ProducerHarness.StartOnAsync(_database.ConnectionString, null, $"--Messaging:RabbitMq={_broker.Uri}");
        var endpoint = producer.Get<ChangeEndpoint>();
        await Eventually.TrueAsync(() => endpoint.IsConnected);
        return producer;
    }

    private static System.Collections.Concurrent.ConcurrentBag<Guid> Made(ProducerHarness producer)
    {
        var ids = new System.Collections.Concurrent.ConcurrentBag<Guid>();
        producer.Get<TaskChanges>().Made += some => some.ToList().ForEach(ids.Add);
        return ids;
    }

    private static System.Collections.Concurrent.ConcurrentBag<Guid> Known(ProducerHarness producer)
    {
        var ids = new System.Collections.Concurrent.ConcurrentBag<Guid>();
        producer.Get<TaskChanges>().Known += some => some.ToList().ForEach(ids.Add);
        return ids;
    }
}
