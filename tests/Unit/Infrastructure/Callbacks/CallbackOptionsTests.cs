using Messaging.Infrastructure.Callbacks;

namespace Messaging.Tests.Unit.Infrastructure.Callbacks;

public sealed class CallbackOptionsTests
{
    [Test]
    public void The_schedule_is_that_of_Standard_Webhooks()
    {
        TimeSpan[] expected =
        [
            TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
            TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
        ];
        Assert.That(new CallbackOptions().Schedule, Is.EqualTo(expected));
    }

    [TestCase("", 0)]
    [TestCase("  PT1S   PT0S ", 2)]
    public void A_schedule_is_durations_parted_by_spaces(string text, int count) =>
        Assert.That(new CallbackOptions { Retries = text }.Schedule, Has.Count.EqualTo(count));

    [TestCase("5s")]
    [TestCase("PT5S,PT5M")]
    [TestCase("-PT5S")]
    [TestCase("P8D")]
    public void What_can_not_be_is_refused_at_the_start_and_named(string text)
    {
        var result = new CallbackOptionsCheck().Validate(null, new CallbackOptions { Retries = text });
        Assert.That(result.Failed, Is.True);
        Assert.That(result.FailureMessage, Does.Contain("Messaging:Callbacks:Retries").And.Contain(text));
    }
}
