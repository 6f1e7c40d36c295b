using Messaging.Consumers.Runtime;

namespace Messaging.Tests.Unit.Consumers.Runtime;

public sealed class MeanRunTimeTests
{
    [Test]
    public void It_starts_at_the_first_attempt_and_moves_towards_the_later_ones()
    {
        var mean = new MeanRunTime();
        var before = mean.TryTakeChanged(out _);
        mean.Record(TimeSpan.FromMilliseconds(10));
        mean.TryTakeChanged(out var first);
        for (var i = 0; i < 200; i++)
            mean.Record(TimeSpan.FromMilliseconds(100));
        mean.TryTakeChanged(out var later);

        Assert.That(before, Is.False);
        Assert.That(first, Is.EqualTo(TimeSpan.FromMilliseconds(10)));
        Assert.That(later.TotalMilliseconds, Is.InRange(99, 100));
    }

    [Test]
    public void One_slow_attempt_does_not_make_a_kind_slow()
    {
        var mean = new MeanRunTime();
        mean.Record(TimeSpan.FromMilliseconds(1));
        mean.Record(TimeSpan.FromSeconds(1));

        mean.TryTakeChanged(out var value);

        Assert.That(value, Is.LessThan(TimeSpan.FromMilliseconds(50)));
    }

    [Test]
    public void It_is_told_once_for_each_change()
    {
        var mean = new MeanRunTime();
        mean.Record(TimeSpan.FromMilliseconds(1));

        Assert.That((mean.TryTakeChanged(out _), mean.TryTakeChanged(out _)), Is.EqualTo((true, false)));
    }
}
