using System.Net.Sockets;
using Messaging.Consumers.Runtime;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Tasks;

namespace Messaging.Tests.Unit.Consumers.Runtime;

public sealed class RetryRulesTests
{
    private static readonly RetryPolicy Kind = new(3, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
    private static readonly RetryPolicy KindUnlimited = Kind with { MaxAttempts = RetryPolicy.MostAttempts };

    [Test]
    public void The_rule_for_the_most_derived_type_wins()
    {
        var rules = RetryRules.Of(typeof(Ruled), Kind);

        Assert.That(rules.For(typeof(IOException)), Is.EqualTo(new RetryPolicy(7, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1))));
        Assert.That(rules.For(typeof(EndOfStreamException)), Is.EqualTo(rules.For(typeof(IOException))), "no rule of its own");
        Assert.That(rules.For(typeof(FileNotFoundException)), Is.Null);
        Assert.That(rules.For(typeof(TimeoutException)), Is.EqualTo(KindUnlimited with { MaxDelay = TimeSpan.FromHours(1) }));
    }

    [Test]
    public void What_no_rule_names_is_as_the_kind_says_and_a_rule_limits_attempts_only_if_it_says_so()
    {
        var rules = RetryRules.Of(typeof(Ruled), Kind);

        Assert.That(rules.For(typeof(SocketException)), Is.EqualTo(KindUnlimited), "how many attempts a task has is said by the task");
        Assert.That(rules.For(null), Is.EqualTo(KindUnlimited));
    }

    [Test]
    public void A_rule_of_a_base_class_holds_unless_the_class_has_its_own()
    {
        var rules = RetryRules.Of(typeof(Derived), Kind);

        Assert.That(rules.For(typeof(IOException))!.MaxAttempts, Is.EqualTo(2));
        Assert.That(rules.For(typeof(FileNotFoundException)), Is.Null);
    }

    [TestCase(typeof(Twice), "more than one retry rule for System.IO.IOException")]
    [TestCase(typeof(TooMany), "MaxAttempts 101")]
    [TestCase(typeof(NoDuration), "'soon'")]
    [TestCase(typeof(Nothing), "'PT0S'")]
    public void A_rule_that_can_not_be_is_refused_at_the_start(Type handler, string fault) =>
        Assert.That(() => RetryRules.Of(handler, Kind), Throws.ArgumentException.With.Message.Contains(fault));

    [RetryOn<IOException>(MaxAttempts = 7, FirstRetryDelay = "PT5S")]
    [RetryOn<TimeoutException>(MaxRetryDelay = "PT1H")]
    [NoRetryOn<FileNotFoundException>]
    private class Ruled;

    [RetryOn<IOException>(MaxAttempts = 2)]
    private sealed class Derived : Ruled;

    [RetryOn<IOException>]
    [NoRetryOn<IOException>]
    private sealed class Twice;

    [RetryOn<IOException>(MaxAttempts = 101)]
    private sealed class TooMany;

    [RetryOn<IOException>(FirstRetryDelay = "soon")]
    private sealed class NoDuration;

    [RetryOn<IOException>(MaxRetryDelay = "PT0S")]
    private sealed class Nothing;
}
