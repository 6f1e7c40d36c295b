using Messaging.Contracts.Tasks;

namespace Messaging.Tests.Unit.Contracts.Tasks;

public sealed class RetryPolicyTests
{
    [Test]
    public void Every_delay_lies_between_nothing_and_the_doubled_ceiling()
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
                var ceiling = TimeSpan.FromMilliseconds(Math.Min(doubled, policy.MaxDelay.TotalMilliseconds));
                Assert.That(policy.DelayAfter(attempt, random), Is.InRange(TimeSpan.Zero, ceiling), $"seed {seed}, attempt {attempt}");
            }
        }
    }

    [TestCase(1, 1)]
    [TestCase(2, 2)]
    [TestCase(5, 16)]
    [TestCase(9, 256)]
    [TestCase(10, 300)]
    [TestCase(100, 300)]
    public void Delays_fill_their_whole_range_evenly(int attempt, int ceilingSeconds)
    {
        var random = new Random(attempt);
        var seconds = Enumerable.Range(0, 20_000).Select(_ => RetryPolicy.Default.DelayAfter(attempt, random).TotalSeconds).ToList();

        Assert.That(seconds.Average(), Is.EqualTo(ceilingSeconds / 2.0).Within(2).Percent);
        Assert.That(seconds.Max(), Is.GreaterThan(ceilingSeconds * 0.99).And.LessThanOrEqualTo(ceilingSeconds));
        Assert.That(seconds.Min(), Is.LessThan(ceilingSeconds * 0.01));
    }

    [Test]
    public void There_is_no_delay_before_the_first_attempt() =>
        Assert.That(() => RetryPolicy.Default.DelayAfter(0, new Random(1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
