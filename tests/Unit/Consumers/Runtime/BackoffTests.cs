using Messaging.Consumers.Runtime;

namespace Messaging.Tests.Unit.Consumers.Runtime;

public sealed class BackoffTests
{
    [TestCase(1, 1)]
    [TestCase(2, 2)]
    [TestCase(4, 8)]
    [TestCase(5, 10)]
    [TestCase(5000, 10)]
    public void Pauses_double_up_to_ten_seconds(int tries, int seconds)
    {
        Assert.That(Backoff.After(tries), Is.EqualTo(TimeSpan.FromSeconds(seconds)));
    }

    [Test]
    public async Task A_pause_ends_early_when_the_worker_stops()
    {
        Assert.That(await Backoff.PauseAsync(1, TimeProvider.System, new CancellationToken(canceled: true)), Is.False);
    }
}
