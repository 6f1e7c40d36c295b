using System.Diagnostics;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Faults;

namespace Messaging.Tests.Integration.Broker;

/// <summary>A connection that takes what is sent and never confirms it, while the broker is well.</summary>
public sealed class StuckPublisherTests : BrokerTest
{
    private TcpProxy? _proxy;
    private volatile Func<int, bool> _swallows = static _ => false;
    private int _connections;

    protected override Uri Address(Uri broker)
    {
        _connections = 0;
        _proxy = new TcpProxy(broker, () =>
        {
            var connection = Interlocked.Increment(ref _connections);
            return new SwallowedAnswers(SwallowedAnswers.Confirm, _ => _swallows(connection));
        });
        return _proxy.Through(broker);
    }

    [TearDown]
    public async Task StopProxy() => await _proxy!.DisposeAsync();

    [Test]
    public async Task A_send_that_is_never_confirmed_ends_and_the_next_goes_over_another_bus(CancellationToken cancellationToken)
    {
        await PublishAsync(cancellationToken);
        var deaf = Volatile.Read(ref _connections);
        _swallows = connection => connection <= deaf;

        var watch = Stopwatch.StartNew();
        Assert.That(async () => await PublishAsync(cancellationToken), Throws.Exception);
        await PublishAsync(cancellationToken);

        await TestContext.Out.WriteLineAsync($"through again after {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.That(await Broker.ReadyMessagesAsync("messaging.tasks.default", cancellationToken), Is.EqualTo(3), "the copy is the price");
    }

    [Test]
    public async Task What_the_relay_holds_is_published_over_another_bus(CancellationToken cancellationToken)
    {
        await Relay.StartAsync(cancellationToken);
        await Ledger.SubmitManyAsync(1);
        await Eventually.TrueAsync(() => Relay.Held == 0, cancellationToken: cancellationToken);
        var deaf = Volatile.Read(ref _connections);
        _swallows = connection => connection <= deaf;

        await Ledger.SubmitManyAsync(200);
        await Eventually.TrueAsync(() => Relay.Held == 0, TimeSpan.FromSeconds(40), cancellationToken);

        Assert.That(await Ledger.CountAsync("outbox"), Is.Zero);
        await Relay.StopAsync(cancellationToken);
    }
}
