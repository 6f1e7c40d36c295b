using Messaging.Infrastructure.Maintenance;
using Messaging.Tests.Support;

namespace Messaging.Tests.Unit.Infrastructure.Maintenance;

public sealed class DeathWatchTests
{
    private readonly SteppedTime _time = new();
    private readonly Guid _worker = Guid.NewGuid();

    [Test]
    public void A_counter_that_stands_still_for_the_whole_patience_is_dead_and_not_before()
    {
        var watch = new DeathWatch(_time);
        for (var second = 0; second < 12; second++)
            Assert.That(ReadAfter(watch, second == 0 ? 0 : 1, beat: 5), Is.Empty, $"second {second}");
        Assert.That(ReadAfter(watch, 1, beat: 5), Is.EqualTo(new[] { _worker }));
    }

    [Test]
    public void A_beat_starts_the_watch_anew()
    {
        var watch = new DeathWatch(_time);
        for (var second = 0; second < 60; second++)
            Assert.That(ReadAfter(watch, 1, beat: second / 10), Is.Empty);
    }

    [Test]
    public void Time_alone_is_not_enough_without_the_reads()
    {
        var watch = new DeathWatch(_time);
        Assert.That(ReadAfter(watch, 0, beat: 5), Is.Empty);
        Assert.That(ReadAfter(watch, 30, beat: 5), Is.Empty);
        Assert.That(ReadAfter(watch, 1, beat: 5), Is.Empty);
        Assert.That(ReadAfter(watch, 1, beat: 5), Is.EqualTo(new[] { _worker }));
    }

    [Test]
    public void A_failed_read_starts_the_watch_anew()
    {
        var watch = new DeathWatch(_time);
        for (var second = 0; second < 11; second++)
            ReadAfter(watch, 1, beat: 5);
        watch.Reset();
        Assert.That(ReadAfter(watch, 60, beat: 5), Is.Empty);
        Assert.That(ReadAfter(watch, 1, beat: 5), Is.Empty);
    }

    private Guid[] ReadAfter(DeathWatch watch, int seconds, long beat)
    {
        _time.Step(TimeSpan.FromSeconds(seconds));
        return [.. watch.Read([(_worker, beat)]).Select(d => d.Id)];
    }
}
