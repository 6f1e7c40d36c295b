using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Integration.Store;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Tests.Integration.Express;

/// <summary>Who gets the next express copy.</summary>
[CancelAfter(60_000)]
public sealed class ExpressRoutesTests : LedgerTest
{
    private SteppedTime _time = null!;
    private ExpressRoutes _routes = null!;

    [SetUp]
    public void MakeRoutes()
    {
        _time = new SteppedTime();
        _routes = new ExpressRoutes(Ledger.Services.GetRequiredService<LedgerConnections>(), _time, NullLogger<ExpressRoutes>.Instance);
    }

    [TearDown]
    public void DropRoutes() => _routes.Dispose();

    [Test]
    public async Task The_consumers_of_a_queue_that_hear_and_have_a_slot_take_turns(CancellationToken cancellationToken)
    {
        await AddAsync("a", queues: "default,other");
        await AddAsync("b", queues: "default");
        await AddAsync("draining", more: "draining = true");
        await AddAsync("full", more: "running = 10");
        await AddAsync(null);
        Assert.That(_routes.Find("default"), Is.Null, "nothing was read");
        await _routes.ReadAsync(cancellationToken);

        var turns = Enumerable.Range(0, 6).Select(_ => _routes.Find("default")).ToArray();
        Assert.That(turns.Take(2), Is.EquivalentTo(new[] { "a", "b" }));
        Assert.That(turns.Skip(2), Is.EqualTo(turns.Take(4)));
        Assert.That(_routes.Find("other"), Is.EqualTo("a"));
        Assert.That(_routes.Find("third"), Is.Null);
    }

    [Test]
    public async Task Who_lets_copies_go_gets_none_for_longer_and_longer(CancellationToken cancellationToken)
    {
        await AddAsync("a");
        await AddAsync("b");
        await _routes.ReadAsync(cancellationToken);
        _routes.Report("b", taken: false);
        _routes.Report("b", taken: false); // sent before the rest began

        Assert.That(Found(4), Has.All.EqualTo("a"));
        _time.Step(ExpressRoutes.FirstRest);
        Assert.That(Found(4), Has.Some.EqualTo("b"));
        _routes.Report("b", taken: false);
        _time.Step(ExpressRoutes.FirstRest);
        Assert.That(Found(4), Has.All.EqualTo("a"), "twice as long now");
        _routes.Report("a", taken: false);
        Assert.That(Found(4), Has.All.Null);
        _time.Step(ExpressRoutes.FirstRest);
        _routes.Report("b", taken: true);
        _routes.Report("b", taken: false);
        _time.Step(ExpressRoutes.FirstRest);
        Assert.That(Found(4), Has.Some.EqualTo("b"), "it had taken one");

        for (var i = 0; i < 30; i++)
        {
            _routes.Report("b", taken: false);
            _time.Step(ExpressRoutes.LongestRest);
        }

        Assert.That(Found(4), Has.Some.EqualTo("b"), "never longer than the longest");
    }

    [Test]
    public async Task The_loop_reads_while_somebody_asks(CancellationToken cancellationToken)
    {
        using var routes = new ExpressRoutes(Ledger.Services.GetRequiredService<LedgerConnections>(), TimeProvider.System, NullLogger<ExpressRoutes>.Instance);
        await routes.StartAsync(cancellationToken);
        await AddAsync("a");
        await Eventually.TrueAsync(() => routes.Find("default") == "a", cancellationToken: cancellationToken);
        await Ledger.ExecuteAsync("UPDATE messaging.workers SET express = 'b'");
        await Eventually.TrueAsync(() => routes.Find("default") == "b", cancellationToken: cancellationToken);
        await routes.StopAsync(cancellationToken);
    }

    private string?[] Found(int times) => [.. Enumerable.Range(0, times).Select(_ => _routes.Find("default"))];

    private async Task AddAsync(string? channel, string queues = "default", string more = "draining = false")
    {
        var id = await Ledger.AddWorkerAsync();
        await Ledger.ExecuteAsync($"UPDATE messaging.workers SET express = {(channel is null ? "NULL" : $"'{channel}'")}, queues = '{{{queues}}}', {more} WHERE id = '{id}'");
    }
}
