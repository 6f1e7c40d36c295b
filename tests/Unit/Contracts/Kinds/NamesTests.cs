using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Unit.Contracts.Kinds;

public sealed class NamesTests
{
    [TestCase("http.fetch", true)]
    [TestCase("a", true)]
    [TestCase("a1_b-c.d", true)]
    [TestCase("", false)]
    [TestCase("1a", false)]
    [TestCase("Http.fetch", false)]
    [TestCase("http fetch", false)]
    [TestCase("http.fetch\n", false)]
    [TestCase("größe", false)]
    public void A_kind_is_a_lower_case_word(string name, bool isKind) => Assert.That(Names.IsKind(name), Is.EqualTo(isKind));

    [TestCase("default", true)]
    [TestCase("1-low_cpu", true)]
    [TestCase("a.high", false)]
    [TestCase("-a", false)]
    [TestCase("", false)]
    public void A_queue_has_no_dots(string name, bool isQueue) => Assert.That(Names.IsQueue(name), Is.EqualTo(isQueue));

    [Test]
    public void Names_end_at_their_limits()
    {
        Assert.That(Names.IsKind(new string('a', 100)), Is.True);
        Assert.That(Names.IsKind(new string('a', 101)), Is.False);
        Assert.That(Names.IsQueue(new string('a', 60)), Is.True);
        Assert.That(Names.IsQueue(new string('a', 61)), Is.False);
        Assert.That(Names.IsTag(new string('a', 100)), Is.True);
        Assert.That(Names.IsTag(new string('a', 101)), Is.False);
    }

    [TestCase("customer:Müller & Söhne", true)]
    [TestCase("", false)]
    [TestCase("a\tb", false)]
    [TestCase("a\0b", false)]
    public void A_tag_is_any_text_without_control_characters(string tag, bool isTag) => Assert.That(Names.IsTag(tag), Is.EqualTo(isTag));
}
