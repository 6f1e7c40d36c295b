using System.Text.Json;
using Messaging.Contracts.Json;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;

namespace Messaging.Tests.Unit.Contracts.Json;

public sealed class MessagingJsonTests
{
    [TestCase("""{"message":"a","mesage":"b"}""")]
    [TestCase("""{"message":"a","message":"b"}""")]
    [TestCase("""{"message":null}""")]
    [TestCase("""{"Message":"a"}""")]
    [TestCase("""{}""")]
    [TestCase("""{"message":"a","failTimes":"1"}""")]
    public void Payloads_are_read_strictly(string json) =>
        Assert.That(() => JsonSerializer.Deserialize<DebugEcho>(json, MessagingJson.Payload), Throws.InstanceOf<JsonException>());

    [Test]
    public void Messages_between_versions_may_have_members_that_the_reader_does_not_know()
    {
        var read = JsonSerializer.Deserialize<DebugEcho>("""{"message":"a","later":1}""", MessagingJson.Tolerant);
        Assert.That(read, Is.EqualTo(new DebugEcho("a")));
    }

    [Test]
    public void Enum_values_are_written_as_camel_case_names()
    {
        Assert.That(JsonSerializer.Serialize(DayOfWeek.Monday, MessagingJson.Payload), Is.EqualTo("\"monday\""));
        Assert.That(JsonSerializer.Serialize(TaskState.Running, MessagingJson.Payload), Is.EqualTo("\"running\""));
        Assert.That(() => JsonSerializer.Deserialize<DayOfWeek>("1", MessagingJson.Payload), Throws.InstanceOf<JsonException>());
    }

    [Test]
    public void Text_stays_readable() =>
        Assert.That(JsonSerializer.Serialize("Größe < 5 & 'ja'", MessagingJson.Payload), Is.EqualTo("\"Größe < 5 & 'ja'\""));
}
