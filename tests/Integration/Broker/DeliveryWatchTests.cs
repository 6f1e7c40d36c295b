using System.Diagnostics.Metrics;
using Messaging.Infrastructure.Broker;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Faults;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Broker;

/// <summary>A consumer that looks well on both sides and gets nothing: what the watch does about it, step by step.</summary>
public sealed class DeliveryWatchTests : BrokerTest
{
    private TcpProxy? _proxy;
    private MetricCollector? _repairs;
    private volatile Func<int, int, bool> _swallows = static (_, _) => false;
    private int _connections;

    private string[] Steps => _repairs!.Tag("step");

    protected override TimeSpan DeliverySilence => TimeSpan.FromSeconds(2);

    protected override Uri Address(Uri broker)
    {
        _connections = 0;
        _proxy = new TcpProxy(broker, () =>
        {
            var connection = Interlocked.Increment(ref _connections);
            return new SwallowedAnswers(SwallowedAnswers.Delivery, channel => _swallows(connection, channel));
        });
        return _proxy.Through(broker);
    }

    [SetUp]
    public void CountSteps() => _repairs = new MetricCollector(Ledger.Services.GetRequiredService<IMeterFactory>(), "messaging.broker.repairs");

    [TearDown]
    public async Task StopProxy()
    {
        _repairs?.Dispose();
        await _proxy!.DisposeAsync();
    }

    [Test]
    public async Task Deliveries_that_a_channel_swallows_come_over_another_one(CancellationToken cancellationToken)
    {
        await DeliverOneAsync(cancellationToken);
        var opened = 0;
        // What is open now is deaf; whatever is opened from here on is not.
        _swallows = (_, channel) => channel <= (Interlocked.CompareExchange(ref opened, channel, 0) is 0 ? channel : opened);

        var ids = await PublishMoreThanPrefetchedAsync(cancellationToken);
        await Eventually.TrueAsync(() => Health.StalledQueues.Count == 1, cancellationToken: cancellationToken);
        await Receiver.ReadAllAsync(ids, cancellationToken);

        Assert.That(Steps, Is.EqualTo(new[] { "channel" }));
        await Eventually.TrueAsync(() => Health.StalledQueues.Count == 0, cancellationToken: cancellationToken);
    }

    [Test]
    public async Task Deliveries_that_a_connection_swallows_come_over_another_bus(CancellationToken cancellationToken)
    {
        await DeliverOneAsync(cancellationToken);
        var deaf = Volatile.Read(ref _connections);
        _swallows = (connection, _) => connection <= deaf;

        var ids = await PublishMoreThanPrefetchedAsync(cancellationToken);
        await Receiver.ReadAllAsync(ids, cancellationToken);

        Assert.That(Steps, Is.EqualTo(new[] { "channel", "bus" }));
    }

    [Test]
    public async Task When_nothing_helps_the_process_asks_for_its_end(CancellationToken cancellationToken)
    {
        await DeliverOneAsync(cancellationToken);
        _swallows = static (_, _) => true;

        await PublishMoreThanPrefetchedAsync(cancellationToken);
        var end = Ledger.Services.GetRequiredService<ProcessEnd>();
        await Eventually.TrueAsync(() => end.Reason is not null, TimeSpan.FromSeconds(40), cancellationToken);

        Assert.That(Steps, Is.EqualTo(new[] { "channel", "bus", "process" }));
        Assert.That(end.Reason, Does.Contain("1 messages wait in messaging.tasks.default"));
    }

    [Test]
    public async Task A_worker_whose_hands_are_full_is_not_deaf(CancellationToken cancellationToken)
    {
        Receiver.Handle = delivery => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, delivery.Ended);
        await ListenAsync();
        for (var i = 0; i < Prefetch + 1; i++)
            await PublishAsync(cancellationToken);
        for (var i = 0; i < Prefetch; i++)
            await Receiver.NextAsync(cancellationToken);

        // Long enough for two steps, if there were any.
        var since = TimeProvider.System.GetTimestamp();
        await Eventually.TrueAsync(() => TimeProvider.System.GetElapsedTime(since) > 2 * DeliverySilence + TimeSpan.FromSeconds(2), cancellationToken: cancellationToken);
        Assert.That(Steps, Is.Empty);
    }

    // What is swallowed counts as delivered with the broker; only what it keeps back shows that something is wrong.
    private async Task<List<Guid>> PublishMoreThanPrefetchedAsync(CancellationToken cancellationToken)
    {
        var ids = new List<Guid>();
        for (var i = 0; i < Prefetch + 1; i++)
            ids.Add(await PublishAsync(cancellationToken));
        return ids;
    }

    private async Task DeliverOneAsync(CancellationToken cancellationToken)
    {
        await ListenAsync();
        var id = await PublishAsync(cancellationToken);
        await Receiver.ReadAllAsync([id], cancellationToken);
    }
}
