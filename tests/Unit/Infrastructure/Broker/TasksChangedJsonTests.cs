using System.Text;
using System.Text.Json;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;

namespace Messaging.Tests.Unit.Infrastructure.Broker;

public sealed class TasksChangedJsonTests
{
    private static readonly Guid One = new("01a1fc24-4278-79a1-af02-c94fc0685ef6");

    [Test]
    public void It_reads_back_what_it_writes()
    {
        var bytes = TasksChangedJson.Write(new TasksChanged([One, Guid.Empty]));

        Assert.That(Encoding.UTF8.GetString(bytes.Span), Is.EqualTo($$"""{"v":1,"ids":["{{One}}","{{Guid.Empty}}"]}"""));
        Assert.That(TasksChangedJson.Read(bytes.Span).Ids, Is.EqualTo([One, Guid.Empty]));
    }

    [Test]
    public void Members_of_a_later_version_of_the_same_shape_are_passed_over() =>
        Assert.That(TasksChangedJson.Read(Encoding.UTF8.GetBytes($$"""{"more":{"ids":["x"]},"ids":["{{One}}"],"v":1,"and":[1]}""")).Ids, Is.EqualTo([One]));

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("""{"ids":[]}""")]
    [TestCase("""{"v":2,"ids":[]}""")]
    [TestCase("""{"v":"1","ids":[]}""")]
    [TestCase("""{"v":1,"ids":["x"]}""")]
    [TestCase("""{"v":1,"ids":"x"}""")]
    public void What_is_no_such_message_is_refused(string text) =>
        Assert.That(() => TasksChangedJson.Read(Encoding.UTF8.GetBytes(text)), Throws.InstanceOf<JsonException>());
}
