using Messaging.Contracts.Client.Http;

namespace Messaging.Tests.Unit.Contracts.Client;

public sealed class RetryPaceTests
{
    [Test]
    public void Pauses_double_up_to_five_seconds_and_chance_adds_up_to_half()
    {
        var pace = new RetryPace(TimeSpan.FromHours(1), TimeProvider.System);
        double[] least = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5];

        foreach (var seconds in least)
            Assert.That(pace.Next(TimeSpan.Zero)!.Value.TotalSeconds, Is.InRange(seconds, seconds * 1.5));
        Assert.That(pace.Tries, Is.EqualTo(least.Length));
    }

    [Test]
    public void What_is_asked_for_is_the_least()
    {
        var pace = new RetryPace(TimeSpan.FromHours(1), TimeProvider.System);
        Assert.That(pace.Next(TimeSpan.FromSeconds(7)), Is.EqualTo(TimeSpan.FromSeconds(7)));
    }

    [Test]
    public void There_is_no_pause_beyond_the_limit()
    {
        Assert.That(new RetryPace(TimeSpan.Zero, TimeProvider.System).Next(TimeSpan.Zero), Is.Null);
        Assert.That(new RetryPace(TimeSpan.FromSeconds(5), TimeProvider.System).Next(TimeSpan.FromSeconds(6)), Is.Null);
    }
}
