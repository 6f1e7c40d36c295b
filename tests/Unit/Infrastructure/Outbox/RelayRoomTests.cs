using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Outbox;

namespace Messaging.Tests.Unit.Infrastructure.Outbox;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RelayRoomTests
{
    private readonly RelayRoom _room = new(new RelayOptions { Capacity = 1000 });

    [Test]
    public void A_queue_may_hold_three_times_what_is_free()
    {
        Assert.That(_room.TryTake("a", 751), Is.False);
        Assert.That(_room.TryTake("a", 750));
        Assert.That(_room.TryTake("a", 1), Is.False);
    }

    [Test]
    public void The_more_queues_hold_much_the_less_each_gets()
    {
        Assert.That(_room.TryTake("a", 400));
        Assert.That(_room.TryTake("b", 450));
        Assert.That(_room.TryTake("a", 50), Is.False, "450 would be more than three times the 100 left");
        Assert.That(_room.TryTake("b", 1), Is.False);
    }

    [Test]
    public void With_several_flooded_queues_there_is_room_for_another()
    {
        for (var flood = 0; flood < 3; flood++)
        {
            while (_room.TryTake($"flood {flood}", 1))
            {
                // as much as it gets
            }
        }

        Assert.That(_room.TryTake("quiet", 1));
        Assert.That(_room.Tasks, Is.LessThanOrEqualTo(1000));
    }

    [Test]
    public void What_is_given_back_can_be_taken_again()
    {
        Assert.That(_room.TryTake("a", 750));
        _room.Return("a", 750);
        Assert.That(_room.Tasks, Is.Zero);
        Assert.That(_room.TryTake("b", 750));
    }

    [Test]
    public void A_queue_whose_inputs_are_large_gets_no_more_either()
    {
        var room = new RelayRoom(new RelayOptions { CapacityBytes = 1024 * 1024 });
        room.Enter(Entry("large", 800 * 1024));
        Assert.That(room.TryTake("large", 1), Is.False);
        Assert.That(room.TryTake("small", 1));
    }

    [Test]
    public void Sweeps_stop_before_all_room_is_taken()
    {
        Assert.That(_room.TryTakeForSweep(850));
        Assert.That(_room.TryTakeForSweep(1), Is.False);
        Assert.That(_room.TryTakeForAny(1), Is.False);
    }

    [Test]
    public void While_a_sweep_waits_for_room_only_queues_that_hold_little_get_any()
    {
        Assert.That(_room.TryTake("a", 700));
        Assert.That(_room.TryTakeForSweep(200), Is.False);
        Assert.That(_room.TryTake("a", 1), Is.False, "it waits for this one");
        Assert.That(_room.TryTake("b", 20));

        _room.Return("a", 100);
        Assert.That(_room.TryTakeForSweep(200));
        Assert.That(_room.TryTake("b", 100), "it waits no more");
    }

    private static RelayEntry Entry(string queue, int bytes) =>
        new(new OutboxBatch(Guid.NewGuid(), queue, [new RunTask(Guid.NewGuid(), 0, "kind", new byte[bytes], TimeSpan.FromSeconds(1), 1, null)]), Guid.NewGuid());
}
