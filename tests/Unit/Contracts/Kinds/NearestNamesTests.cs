using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Unit.Contracts.Kinds;

public sealed class NearestNamesTests
{
    private static readonly string[] Kinds = ["debug.echo", "http.fetch", "send.email", "files.scan", "sql.export", "http.post"];

    [TestCase("http.fetsch", "http.fetch")]
    [TestCase("htpt.fetch", "http.fetch")]
    [TestCase("http-fetch", "http.fetch")]
    [TestCase("HTTP.Fetch", "http.fetch")]
    [TestCase("debug.ecko", "debug.echo")]
    [TestCase("sendemail", "send.email")]
    [TestCase("email", "send.email")]
    public void The_nearest_comes_first(string written, string meant) => Assert.That(NearestNames.Find(written, Kinds)[0], Is.EqualTo(meant));

    [TestCase("")]
    [TestCase("x")]
    [TestCase("zebra")]
    [TestCase("workflow.start")]
    public void Nothing_is_better_than_something_far_off(string written) => Assert.That(NearestNames.Find(written, Kinds), Is.Empty);

    [Test]
    public void At_most_three_are_named_by_distance_and_then_by_name() =>
        Assert.That(NearestNames.Find("item1", ["item22", "item4", "item1x", "item3", "item2"]), Is.EqualTo(["item1x", "item2", "item3"]));

    [Test]
    public void A_name_that_is_a_part_of_several_finds_them() =>
        Assert.That(NearestNames.Find("http", Kinds), Is.EqualTo(["http.fetch", "http.post"]));

    [Test]
    public void One_letter_is_not_near_another() => Assert.That(NearestNames.Find("a", ["b", "c"]), Is.Empty);

    [Test]
    public void A_name_of_a_megabyte_costs_nothing() => Assert.That(NearestNames.Find(new string('a', 1_000_000), Kinds), Is.Empty);
}
