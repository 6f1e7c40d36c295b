using Messaging.Consumers.Runtime;

namespace Messaging.Tests.Unit.Consumers.Runtime;

[CancelAfter(30_000)]
public sealed class SlotPoolTests
{
    [Test]
    public async Task Nobody_gets_more_than_he_wants_or_there_is(CancellationToken cancellationToken)
    {
        using var slots = Pool(5);

        Assert.That(await slots.TakeAsync("a", 3, ahead: false, cancellationToken), Is.EqualTo(3));
        Assert.That(await slots.TakeAsync("a", 3, ahead: false, cancellationToken), Is.EqualTo(2));
        Assert.That(slots.Taken, Is.EqualTo(5));
    }

    [Test]
    public async Task A_slot_that_comes_free_goes_to_who_waits(CancellationToken cancellationToken)
    {
        using var slots = Pool(1);
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
        using var slots = Pool(10);
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
        using var slots = Pool(1);
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
        using var slots = Pool(1);
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

    [Test]
    public async Task Who_wants_many_is_called_when_a_handful_is_free(CancellationToken cancellationToken)
    {
        using var slots = Pool(64); // a handful is 4
        await slots.TakeAsync("a", 64, ahead: false, cancellationToken);
        var many = slots.TakeAsync("a", 10, ahead: false, cancellationToken).AsTask();
        for (var i = 0; i < 3; i++)
            slots.Release();
        var early = many.IsCompleted;
        slots.Release();

        Assert.That((early, await many), Is.EqualTo((false, 4)));
    }

    [Test]
    public async Task Who_wants_less_than_a_handful_waits_for_no_more_than_that(CancellationToken cancellationToken)
    {
        using var slots = Pool(64);
        await slots.TakeAsync("a", 64, ahead: false, cancellationToken);
        var few = slots.TakeAsync("a", 2, ahead: false, cancellationToken).AsTask();
        slots.Release();
        var early = few.IsCompleted;
        slots.Release();

        Assert.That((early, await few), Is.EqualTo((false, 2)));
    }

    [Test]
    public async Task A_handful_that_does_not_come_together_is_not_waited_for(CancellationToken cancellationToken)
    {
        var time = new HeldTimer();
        using var slots = new SlotPool(new WorkerOptions { Concurrency = 64 }, time);
        await slots.TakeAsync("a", 64, ahead: false, cancellationToken);
        var many = slots.TakeAsync("a", 10, ahead: false, cancellationToken).AsTask();
        slots.Release();
        var (early, wait) = (many.IsCompleted, time.DueIn);
        time.Fire();

        Assert.That((early, wait, await many), Is.EqualTo((false, TimeSpan.FromMilliseconds(1), 1)));
        var rest = slots.TakeAsync("a", 10, ahead: true, cancellationToken).AsTask();
        slots.Release();
        time.Fire();
        Assert.That(await rest, Is.EqualTo(1), "the timer is set each time");
    }

    [Test]
    public async Task Who_goes_on_stands_in_front_of_the_others_of_its_line(CancellationToken cancellationToken)
    {
        using var slots = Pool(1);
        await slots.TakeAsync("a", 1, ahead: false, cancellationToken);
        var later = slots.TakeAsync("a", 1, ahead: false, cancellationToken).AsTask();
        var begun = slots.TakeAsync("a", 1, ahead: true, cancellationToken).AsTask();
        slots.Release();

        Assert.That(await begun, Is.EqualTo(1));
        Assert.That(later.IsCompleted, Is.False);
    }

    [Test]
    public async Task Those_who_go_on_keep_their_order(CancellationToken cancellationToken)
    {
        using var slots = Pool(1);
        await slots.TakeAsync("a", 1, ahead: false, cancellationToken);
        var later = slots.TakeAsync("a", 5, ahead: false, cancellationToken).AsTask();
        var begun = Enumerable.Range(0, 3).Select(_ => slots.TakeAsync("a", 5, ahead: true, cancellationToken).AsTask()).ToArray();
        foreach (var next in begun)
        {
            slots.Release();
            await next;
            Assert.That(begun.Count(b => b.IsCompleted), Is.EqualTo(Array.IndexOf(begun, next) + 1));
        }

        Assert.That(later.IsCompleted, Is.False);
    }

    [Test]
    public async Task Who_wants_a_single_slot_takes_turns_with_the_packs_of_its_queue(CancellationToken cancellationToken)
    {
        using var slots = Pool(1);
        await slots.TakeAsync("a", 1, ahead: false, cancellationToken);
        var packs = Enumerable.Range(0, 100).Select(_ => slots.TakeAsync("a", 50, ahead: false, cancellationToken).AsTask()).ToArray();
        var single = slots.TakeAsync("a", 1, ahead: false, cancellationToken).AsTask();
        slots.Release();
        await packs[0];
        var goesOn = slots.TakeAsync("a", 49, ahead: true, cancellationToken).AsTask();
        slots.Release();

        Assert.That(await single, Is.EqualTo(1));
        Assert.That(goesOn.IsCompleted, Is.False);
    }

    [Test]
    public async Task Who_gives_up_while_a_handful_gathers_holds_up_nobody(CancellationToken cancellationToken)
    {
        using var slots = Pool(64);
        using var patience = new CancellationTokenSource();
        await slots.TakeAsync("a", 64, ahead: false, cancellationToken);
        var many = slots.TakeAsync("a", 10, ahead: false, patience.Token).AsTask();
        var next = slots.TakeAsync("a", 2, ahead: false, cancellationToken).AsTask();
        slots.Release();
        slots.Release();
        var early = next.IsCompleted;
        await patience.CancelAsync();

        Assert.That((early, await many, await next), Is.EqualTo((false, 0, 2)), "nothing has to come free for that");
    }

    [Test]
    public async Task Who_gives_up_costs_the_others_of_its_queue_no_turn(CancellationToken cancellationToken)
    {
        using var slots = Pool(1);
        using var patience = new CancellationTokenSource();
        await slots.TakeAsync("a", 1, ahead: false, cancellationToken);
        var gone = Enumerable.Range(0, 10).Select(_ => slots.TakeAsync("impatient", 1, ahead: false, patience.Token).AsTask()).ToArray();
        var stays = slots.TakeAsync("impatient", 1, ahead: false, cancellationToken).AsTask();
        var others = Enumerable.Range(0, 10).Select(_ => slots.TakeAsync("b", 1, ahead: false, cancellationToken).AsTask()).ToArray();
        await patience.CancelAsync();
        await Task.WhenAll(gone);
        slots.Release();

        Assert.That(await stays, Is.EqualTo(1));
        Assert.That(others.Count(o => o.IsCompleted), Is.Zero);
    }

    [Test]
    public async Task Each_handful_has_its_own_time_to_gather(CancellationToken cancellationToken)
    {
        var time = new HeldTimer();
        using var slots = new SlotPool(new WorkerOptions { Concurrency = 64 }, time);
        await slots.TakeAsync("a", 64, ahead: false, cancellationToken);
        var first = slots.TakeAsync("a", 10, ahead: false, cancellationToken).AsTask();
        for (var i = 0; i < 4; i++)
            slots.Release();
        await first;

        Assert.That(time.DueIn, Is.EqualTo(Timeout.InfiniteTimeSpan));
    }

    // Its timers never run out by themselves: what such a test waits for must come from slots.
    private static SlotPool Pool(int slots) => new(new WorkerOptions { Concurrency = slots }, new HeldTimer());

    /// <summary>A timer that runs out when the test says so.</summary>
    private sealed class HeldTimer : TimeProvider, ITimer
    {
        private TimerCallback? _callback;
        private object? _state;

        public TimeSpan DueIn { get; private set; } = Timeout.InfiniteTimeSpan;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state, DueIn) = (callback, state, dueTime);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            DueIn = dueTime;
            return true;
        }

        public void Fire()
        {
            if (DueIn == Timeout.InfiniteTimeSpan)
                throw new InvalidOperationException("The timer is not set.");
            DueIn = Timeout.InfiniteTimeSpan;
            _callback!(_state);
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
