using Messaging.Producer.Access;

namespace Messaging.Tests.Unit.Producer;

public sealed class TokenBucketTests
{
    private readonly SteppedTime _time = new();

    [Test]
    public void It_is_full_at_first_and_fills_evenly()
    {
        var bucket = new TokenBucket(10, 20, _time);
        for (var i = 19; i >= 0; i--)
            Assert.That((bucket.Take() is var level, level.Allowed, level.Left), Is.EqualTo((true, true, (long)i)));
        var empty = bucket.Take();
        Assert.That((empty.Allowed, empty.Left, empty.Next, empty.Full), Is.EqualTo((false, 0L, TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(2))));

        _time.Step(TimeSpan.FromSeconds(0.1));
        Assert.That(bucket.Take().Allowed, Is.True);
        Assert.That(bucket.Take().Allowed, Is.False);
        _time.Step(TimeSpan.FromHours(1));
        Assert.That(bucket.Take().Left, Is.EqualTo(19), "no fuller than full");
    }

    [Test]
    public void What_was_used_before_it_was_counted_is_paid_back()
    {
        var bucket = new TokenBucket(10, 20, _time);
        bucket.Charge(120);
        Assert.That(bucket.Take().Next, Is.EqualTo(TimeSpan.FromSeconds(10.1)));
        _time.Step(TimeSpan.FromSeconds(10));
        Assert.That(bucket.Take().Allowed, Is.False);
        _time.Step(TimeSpan.FromSeconds(0.1));
        Assert.That(bucket.Take().Allowed, Is.True);
    }

    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Step(TimeSpan time) => _ticks += time.Ticks;
    }
}
