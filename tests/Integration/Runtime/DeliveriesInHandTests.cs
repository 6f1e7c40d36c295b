using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>What a worker says of what it has in its hands, and how it takes a marker.</summary>
[CancelAfter(60_000)]
public sealed class DeliveriesInHandTests
{
    [Test]
    public async Task A_delivery_is_in_hand_until_its_tasks_are_claimed_or_handed_back(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("Concurrency", "1"), ("HandBackAfter", "00:00:03"));
        InHand inHand() => worker.Services.GetRequiredService<InstanceProfile>().InHand();
        var running = await worker.SubmitAsync(new Gated(), cancellationToken);
        var waiting = await worker.SubmitAsync(new Say("hello"), cancellationToken);
        _ = worker.DeliverAsync(cancellationToken, running);
        await worker.Probe.NextStartAsync(cancellationToken);
        var whileRunning = inHand();
        var before = worker.Services.GetRequiredService<LedgerClock>().Now;

        var handedBack = worker.DeliverAsync(cancellationToken, waiting);
        var whileWaiting = inHand();
        var told = await Eventually.GetAsync(
            token => worker.ScalarAsync<long>("SELECT count(*) FROM messaging.workers WHERE holding_since > now() - interval '10 seconds'", token),
            count => count == 1,
            cancellationToken: cancellationToken);
        await handedBack;

        Assert.That(whileRunning, Is.EqualTo(default(InHand)), "a claimed task is carried by its claim");
        Assert.That(whileWaiting.Since!.Value, Is.GreaterThanOrEqualTo(before - TimeSpan.FromSeconds(1)));
        Assert.That(told, Is.EqualTo(1));
        Assert.That(inHand(), Is.EqualTo(default(InHand)), "handed back, not returned");
        worker.Probe.Gate.SetResult();
    }

    [Test]
    public async Task A_delivery_that_goes_back_undecided_is_told(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken, ("Concurrency", "1"), ("HandBackAfter", "00:00:30"));
        using var channel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = await worker.SubmitAsync(new Gated(), cancellationToken);
        var waiting = await worker.SubmitAsync(new Say("hello"), cancellationToken);
        _ = worker.DeliverAsync(cancellationToken, running);
        await worker.Probe.NextStartAsync(cancellationToken);
        var delivery = worker.DeliverAsync(channel.Token, waiting);

        await channel.CancelAsync();

        Assert.That(async () => await delivery, Throws.InstanceOf<OperationCanceledException>());
        var inHand = worker.Services.GetRequiredService<InstanceProfile>().InHand();
        Assert.That(inHand.Since, Is.Null);
        Assert.That(inHand.LastReturned, Is.EqualTo(worker.Services.GetRequiredService<LedgerClock>().Now).Within(TimeSpan.FromSeconds(5)));
        worker.Probe.Gate.SetResult();
    }

    [Test]
    public async Task A_marker_is_recorded_with_those_who_listen_and_an_unknown_one_ignored(CancellationToken cancellationToken)
    {
        await using var worker = await WorkerHarness.StartAsync(cancellationToken);
        var marker = Guid.NewGuid();
        await worker.ExecuteAsync(
            "INSERT INTO messaging.markers (id, queue, cutoff, resends) VALUES ($1, 'default', now(), 0)", cancellationToken, marker);

        await worker.Receiver.ReceiveAsync(WorkerHarness.Queue, new RunTasks([]) { Marker = marker }, cancellationToken);
        await worker.Receiver.ReceiveAsync(WorkerHarness.Queue, new RunTasks([]) { Marker = Guid.NewGuid() }, cancellationToken);

        Assert.That(
            await worker.ScalarAsync<long>(
                "SELECT count(*) FROM messaging.markers WHERE consumed_at IS NOT NULL AND workers = ARRAY(SELECT id FROM messaging.workers)",
                cancellationToken),
            Is.EqualTo(1));
    }
}
