using Messaging.Consumers.Runtime;

namespace Messaging.Tests.Unit.Consumers.Runtime;

[CancelAfter(30_000)]
public sealed class SlotPoolTests
{
    [Test]
    public async Task A_slot_that_comes_free_goes_to_who_waits(CancellationToken cancellationToken)
    {
        using var slots = new SlotPool(new WorkerOptions { Concurrency = 1 });
        var first = slots.TryTake();
        var second = slots.TryTake();
        var waiting = slots.TakeAsync(cancellationToken).AsTask();
        slots.Release();

        Assert.That((first, second, await waiting), Is.EqualTo((true, false, true)));
        Assert.That(slots.Taken, Is.EqualTo(1));
    }

    [Test]
    public async Task Who_gives_up_waiting_takes_no_slot()
    {
        using var slots = new SlotPool(new WorkerOptions { Concurrency = 1 });
        using var patience = new CancellationTokenSource();
        slots.TryTake();
        var waiting = slots.TakeAsync(patience.Token).AsTask();
        await patience.CancelAsync();
        var taken = await waiting;
        slots.Release();

        Assert.That(taken, Is.False);
        Assert.That(slots.Taken, Is.Zero);
        Assert.That(slots.TryTake(), Is.True);
    }
}
