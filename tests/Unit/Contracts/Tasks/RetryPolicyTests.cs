using Messaging.Contracts.Tasks;

namespace Messaging.Tests.Unit.Contracts.Tasks;

public sealed class RetryPolicyTests
{
    [Test]
    public void No_delay_is_shorter_than_asked_nor_more_than_half_longer()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var policy = new RetryPolicy(
                random.Next(1, RetryPolicy.MostAttempts + 1),
                TimeSpan.FromMilliseconds(random.Next(1, 100_000)),
                TimeSpan.FromMilliseconds(random.Next(1, 10_000_000)));
            for (var attempt = 1; attempt <= RetryPolicy.MostAttempts; attempt++)
            {
                var doubled = policy.FirstDelay.TotalMilliseconds * Math.Pow(2, attempt - 1);
                var asked = TimeSpan.FromMilliseconds(Math.Min(doubled, policy.MaxDelay.TotalMilliseconds));
                Assert.That(policy.DelayAfter(attempt, random), Is.InRange(asked, asked * 1.5), $"seed {seed}, attempt {attempt}");
            }
        }
    }

    [TestCase(1, 1)]
    [TestCase(2, 2)]
    [TestCase(5, 16)]
    [TestCase(9, 256)]
    [TestCase(10, 300)]
    [TestCase(100, 300)]
    public void Delays_fill_their_whole_range_evenly(int attempt, int askedSeconds)
    {
        var random = new Random(attempt);
        var seconds = Enumerable.Range(0, 20_000).Select(_ => RetryPolicy.Default.DelayAfter(attempt, random).TotalSeconds).ToList();

        Assert.That(seconds.Average(), Is.EqualTo(askedSeconds * 1.25).Within(1).Percent);
        Assert.That(seconds.Max(), Is.GreaterThan(askedSeconds * 1.49).And.LessThanOrEqualTo(askedSeconds * 1.5));
        Assert.That(seconds.Min(), Is.LessThan(askedSeconds * 1.01).And.GreaterThanOrEqualTo(askedSeconds));
    }

    [Test]
    public void There_is_no_delay_before_the_first_attempt() =>
        Assert.That(() => RetryPolicy.Default.DelayAfter(0, new Random(1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
