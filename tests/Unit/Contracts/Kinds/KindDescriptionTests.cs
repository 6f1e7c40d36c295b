using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;

namespace Messaging.Tests.Unit.Contracts.Kinds;

public sealed class KindDescriptionTests
{
    [Test]
    public void A_kind_that_says_nothing_gets_the_defaults()
    {
        var kind = KindDescription.Of(typeof(DebugEcho));

        Assert.That(kind.Name, Is.EqualTo("debug.echo"));
        Assert.That(kind.Queue, Is.EqualTo("default"));
        Assert.That(kind.Timeout, Is.EqualTo(TimeSpan.FromMinutes(5)));
        Assert.That(kind.Retry, Is.EqualTo(RetryPolicy.Default));
        Assert.That(kind.ResultSchema, Is.EqualTo(KindSchema.Of(typeof(DebugEchoResult))));
    }

    [Test]
    public void A_kind_may_say_all_of_it()
    {
        var kind = KindDescription.Of(typeof(Everything));

        Assert.That(kind.Queue, Is.EqualTo("slow"));
        Assert.That(kind.Timeout, Is.EqualTo(TimeSpan.FromHours(2)));
        Assert.That(kind.Retry, Is.EqualTo(new RetryPolicy(3, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1))));
        Assert.That(kind.Description, Is.EqualTo("All of it."));
    }

    [TestCase(typeof(NoAttribute), "TaskKind")]
    [TestCase(typeof(NoResult), "ITaskInput")]
    [TestCase(typeof(TwoResults), "ITaskInput")]
    [TestCase(typeof(BadName), "Bad Name")]
    [TestCase(typeof(BadQueue), "a.b")]
    [TestCase(typeof(BadTimeout), "Timeout")]
    [TestCase(typeof(ZeroDelay), "FirstRetryDelay")]
    [TestCase(typeof(NoAttempts), "MaxAttempts")]
    public void What_is_wrong_is_named(Type input, string named) =>
        Assert.That(() => KindDescription.Of(input), Throws.ArgumentException.With.Message.Contains(named).And.Message.Contains(input.Name));

    [TaskKind("test.all", Description = "All of it.", Queue = "slow", Timeout = "PT2H", MaxAttempts = 3, FirstRetryDelay = "PT10S", MaxRetryDelay = "PT1M")]
    private sealed record Everything : ITaskInput<int>;

    private sealed record NoAttribute : ITaskInput<int>;

    [TaskKind("test.a")]
    private sealed record NoResult;

    [TaskKind("test.a")]
    private sealed record TwoResults : ITaskInput<int>, ITaskInput<string>;

    [TaskKind("Bad Name")]
    private sealed record BadName : ITaskInput<int>;

    [TaskKind("test.a", Queue = "a.b")]
    private sealed record BadQueue : ITaskInput<int>;

    [TaskKind("test.a", Timeout = "5 minutes")]
    private sealed record BadTimeout : ITaskInput<int>;

    [TaskKind("test.a", FirstRetryDelay = "PT0S")]
    private sealed record ZeroDelay : ITaskInput<int>;

    [TaskKind("test.a", MaxAttempts = 0)]
    private sealed record NoAttempts : ITaskInput<int>;
}
