using System.Text.Json;
using System.Xml;
using Messaging.Contracts.Json;

namespace Messaging.Tests.Unit.Contracts.Json;

public sealed class Iso8601DurationTests
{
    [TestCase("PT30S", 30)]
    [TestCase("PT1M30S", 90)]
    [TestCase("PT1H", 3600)]
    [TestCase("P1D", 86_400)]
    [TestCase("P1DT2H", 93_600)]
    [TestCase("P2W", 1_209_600)]
    [TestCase("PT0S", 0)]
    [TestCase("PT0.25S", 0.25)]
    [TestCase("PT1.50000000009S", 1.5)]
    [TestCase("-PT5M", -300)]
    [TestCase("PT0090S", 90)]
    public void Reads_what_has_a_fixed_length(string text, double seconds)
    {
        Assert.That(Iso8601Duration.TryParse(text, out var value), Is.True);
        Assert.That(value, Is.EqualTo(TimeSpan.FromSeconds(seconds)));
    }

    [TestCase("")]
    [TestCase("P")]
    [TestCase("PT")]
    [TestCase("P1DT")]
    [TestCase("30")]
    [TestCase("30S")]
    [TestCase("00:00:30")]
    [TestCase("P1Y")]
    [TestCase("P1M")]
    [TestCase("P1Y2M3DT4H")]
    [TestCase("PT1D")]
    [TestCase("P1H")]
    [TestCase("PT1S1M")]
    [TestCase("PT1M1M")]
    [TestCase("P1W1D")]
    [TestCase("PT1.5M")]
    [TestCase("PT.5S")]
    [TestCase("PT5.S")]
    [TestCase("PT-5S")]
    [TestCase("--PT5S")]
    [TestCase("+PT5S")]
    [TestCase(" PT5S")]
    [TestCase("PT5S ")]
    [TestCase("pt5s")]
    [TestCase("PTT5S")]
    [TestCase("P1DT1HT1M")]
    [TestCase("PT٥S")]
    [TestCase("P99999999999999999999D")]
    [TestCase("PT999999999999999999999999999S")]
    [TestCase("PT0000000000000000000000000000000000000000000000000000000000000001S")]
    public void Refuses_everything_else(string text) => Assert.That(Iso8601Duration.TryParse(text, out _), Is.False);

    [Test]
    public void Reads_back_every_duration_that_it_writes()
    {
        var random = new Random(4711);
        TimeSpan[] edges = [TimeSpan.MinValue, TimeSpan.MaxValue, TimeSpan.Zero, TimeSpan.FromTicks(1), TimeSpan.FromTicks(-1)];
        foreach (var value in edges.Concat(Enumerable.Range(0, 10_000).Select(_ => new TimeSpan(random.NextInt64() >> random.Next(64)))))
        {
            var text = Iso8601Duration.Format(value);
            Assert.That(Iso8601Duration.TryParse(text, out var read) && read == value, Is.True, text);
            Assert.That(XmlConvert.ToTimeSpan(text), Is.EqualTo(value), text);
        }
    }

    [Test]
    public void Is_what_the_serializer_reads_and_writes()
    {
        Assert.That(JsonSerializer.Serialize(TimeSpan.FromSeconds(90), MessagingJson.Payload), Is.EqualTo("\"PT1M30S\""));
        Assert.That(JsonSerializer.Deserialize<TimeSpan?[]>("[\"PT1M30S\",null]", MessagingJson.Payload), Is.EqualTo(new TimeSpan?[] { TimeSpan.FromSeconds(90), null }));
    }

    [TestCase("\"00:00:30\"")]
    [TestCase("30")]
    [TestCase("null")]
    public void Makes_the_serializer_refuse_the_rest(string json) =>
        Assert.That(() => JsonSerializer.Deserialize<TimeSpan>(json, MessagingJson.Payload), Throws.InstanceOf<JsonException>());
}
