using Messaging.Consumers.Runtime;

namespace Messaging.Tests.Unit.Consumers.Runtime;

[CancelAfter(30_000)]
public sealed class SlotPoolTests
{
    [Test]
    public async Task Nobody_gets_more_than_he_wants_or_there_is(CancellationToken cancellationToken)
    {
        var slots = Pool(5);

        Assert.That(await slots.TakeAsync("a", 3, ahead: false, cancellationToken), Is.EqualTo(3));
        Assert.That(await slots.TakeAsync("a", 3, ahead: false, cancellationToken), Is.EqualTo(2));
        Assert.That(slots.Taken, Is.EqualTo(5));
    }

    [Test]
    public async Task A_slot_that_comes_free_goes_to_who_waits(CancellationToken cancellationToken)
    {
        var slots = Pool(1);
        await slots.TakeAsync("a", 1, ahead: false, cancellationToken);
        var waiting = slots.TakeAsync("a", 64, ahead: false, cancellationToken).AsTask();
        var early = waiting.IsCompleted;
        slots.Release();

        Assert.That((early, await waiting), Is.EqualTo((false, 1)));
        Assert.That(slots.Taken, Is.EqualTo(1));
    }

    [Test]
    public async Task All_slots_that_come_free_are_taken_by_those_who_wait(CancellationToken cancellationToken)
    {
        var slots = Pool(10);
        await slots.TakeAsync("a", 10, ahead: false, cancellationToken);
        var waiting = Enumerable.Range(0, 3).Select(_ => slots.TakeAsync("a", 2, ahead: false, cancellationToken).AsTask()).ToArray();
        for (var i = 0; i < 6; i++)
            slots.Release();

        // Each release may be answered at once or together with the next ones.
        var taken = (await Task.WhenAll(waiting)).Sum();
        Assert.That((taken, slots.Taken), Is.EqualTo((taken, 4 + taken)));
        Assert.That(taken, Is.InRange(3, 6));
    }

    [Test]
    public async Task Queues_take_turns_however_many_wait_for_one_of_them(CancellationToken cancellationToken)
    {
        var slots = Pool(1);
        await slots.TakeAsync("crowded", 1, ahead: false, cancellationToken);
        var crowd = Enumerable.Range(0, 100).Select(_ => slots.TakeAsync("crowded", 1, ahead: false, cancellationToken).AsTask()).ToArray();
        var single = slots.TakeAsync("quiet", 1, ahead: false, cancellationToken).AsTask();
        slots.Release();
        await crowd[0];
        slots.Release();

        Assert.That(await single, Is.EqualTo(1));
        Assert.That(crowd.Count(c => c.IsCompleted), Is.EqualTo(1));
    }

    [Test]
    public async Task Who_gives_up_waiting_takes_no_slot(CancellationToken cancellationToken)
    {
        var slots = Pool(1);
        using var patience = new CancellationTokenSource();
        await slots.TakeAsync("a", 1, ahead: false, cancellationToken);
        var waiting = slots.TakeAsync("a", 1, ahead: false, patience.Token).AsTask();
        await patience.CancelAsync();
        var taken = await waiting;
        slots.Release();

        Assert.That(taken, Is.Zero);
        Assert.That(slots.Taken, Is.Zero);
        Assert.That(await slots.TakeAsync("a", 1, ahead: false, cancellationToken), Is.EqualTo(1));
    }

    private static SlotPool Pool(int slots) => new(new WorkerOptions { Concurrency = slots }, TimeProvider.System);
}
