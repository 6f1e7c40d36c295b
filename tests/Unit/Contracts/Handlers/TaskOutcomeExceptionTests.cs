using Messaging.Contracts.Handlers;

namespace Messaging.Tests.Unit.Contracts.Handlers;

public sealed class TaskOutcomeExceptionTests
{
    [TestCase(-0.001)]
    [TestCase(366 * 86_400.0 + 1)]
    public void A_time_that_can_not_be_is_refused_with_the_bounds(double seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);

        Assert.That(() => new SnoozeException(time), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("no more than 366 days"));
        Assert.That(() => new RetryAfterException(time, "busy"), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("no less than nothing"));
    }

    [TestCase(0)]
    [TestCase(366)]
    public void The_bounds_themselves_are_allowed(int days)
    {
        Assert.That(new SnoozeException(TimeSpan.FromDays(days)).Delay, Is.EqualTo(TimeSpan.FromDays(days)));
        Assert.That(new RetryAfterException(TimeSpan.FromDays(days), "busy").RetryAfter, Is.EqualTo(TimeSpan.FromDays(days)));
    }

    [TestCase("")]
    [TestCase("  ")]
    [TestCase(null)]
    public void A_cancel_needs_a_reason(string? reason) =>
        Assert.That(() => new CancelTaskException(reason!), Throws.InstanceOf<ArgumentException>());
}
