using Messaging.Consumers.Kinds.Callbacks;
using Messaging.Contracts.Handlers;
using Messaging.Tests.Support;

namespace Messaging.Tests.Unit.Consumers.Kinds.Callbacks;

/// <summary>A slow receiver has few of the slots, and keeps nobody else waiting.</summary>
[CancelAfter(30_000)]
public sealed class ReceiverPlacesTests
{
    [Test]
    public async Task A_receiver_has_so_many_places_and_the_next_waits_for_one(CancellationToken limit)
    {
        var places = new ReceiverPlaces(perReceiver: 2, slots: 100, TimeProvider.System);
        var first = await places.EnterAsync("a:80", limit);
        using var second = await places.EnterAsync("A:80", limit);
        var third = places.EnterAsync("a:80", limit).AsTask();
        Assert.That(third.IsCompleted, Is.False);

        first.Dispose();

        using var place = await third;
    }

    [Test]
    public async Task Others_do_not_wait_for_it(CancellationToken limit)
    {
        var places = new ReceiverPlaces(perReceiver: 1, slots: 100, TimeProvider.System);
        using var slow = await places.EnterAsync("slow:80", limit);
        _ = places.EnterAsync("slow:80", limit).AsTask();
        Assert.That(places.EnterAsync("fast:80", limit).AsTask().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task Who_would_wait_for_long_gives_its_slot_back_at_once(CancellationToken limit)
    {
        var time = new SteppedTime();
        var places = new ReceiverPlaces(perReceiver: 1, slots: 100, time);
        using var slow = await places.EnterAsync("slow:80", limit);
        time.Step(TimeSpan.FromSeconds(5)); // it has not answered for so long

        var snooze = Assert.ThrowsAsync<SnoozeException>(async () => await places.EnterAsync("slow:80", limit))!;

        Assert.That(snooze.Delay, Is.InRange(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(7.5)));
    }

    [Test]
    public async Task Those_that_come_again_are_spread_over_the_time_it_needs_for_them(CancellationToken limit)
    {
        var time = new SteppedTime();
        var places = new ReceiverPlaces(perReceiver: 1, slots: 100, time);
        using var slow = await places.EnterAsync("slow:80", limit);
        time.Step(TimeSpan.FromSeconds(5));

        var pauses = Enumerable.Range(0, 50)
            .Select(_ => Assert.ThrowsAsync<SnoozeException>(async () => await places.EnterAsync("slow:80", limit))!.Delay)
            .ToArray();

        Assert.That(pauses[1], Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(10)));
        Assert.That(pauses[^1], Is.InRange(ReceiverPlaces.LongestPause, ReceiverPlaces.LongestPause * 1.5));
    }

    [Test]
    public async Task Nobody_waits_longer_than_a_second_for_a_place(CancellationToken limit)
    {
        var places = new ReceiverPlaces(perReceiver: 1, slots: 100, TimeProvider.System);
        using var slow = await places.EnterAsync("slow:80", limit);
        Assert.ThrowsAsync<SnoozeException>(async () => await places.EnterAsync("slow:80", limit));
    }

    [Test]
    public async Task Of_slots_that_run_out_there_is_one_for_everybody(CancellationToken limit)
    {
        var places = new ReceiverPlaces(perReceiver: 100, slots: 16, TimeProvider.System);
        var taken = new List<IDisposable>();
        for (var receiver = 0; receiver < 5; receiver++)
        {
            while (places.EnterAsync($"{receiver}:80", limit).AsTask() is { IsCompletedSuccessfully: true } entered)
                taken.Add(await entered);
        }

        Assert.That(taken, Has.Count.LessThan(16), "five receivers that hang, however many callbacks they have, leave a place for the sixth");
        Assert.That(places.EnterAsync("sixth:80", limit).AsTask().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task Who_is_called_off_leaves_the_line(CancellationToken limit)
    {
        var places = new ReceiverPlaces(perReceiver: 1, slots: 100, TimeProvider.System);
        var first = await places.EnterAsync("a:80", limit);
        using var end = new CancellationTokenSource();
        var second = places.EnterAsync("a:80", end.Token).AsTask();
        await end.CancelAsync();
        Assert.That(async () => await second, Throws.InstanceOf<OperationCanceledException>());

        first.Dispose();

        Assert.That(places.EnterAsync("a:80", limit).AsTask().IsCompletedSuccessfully, Is.True);
    }
}
