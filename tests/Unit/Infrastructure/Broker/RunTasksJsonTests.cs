using System.Text;
using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;

namespace Messaging.Tests.Unit.Infrastructure.Broker;

public sealed class RunTasksJsonTests
{
    private const string Id = "0198c0de-0000-7000-8000-000000000001";

    [Test]
    public void What_was_written_is_read_back()
    {
        var first = new RunTask(Guid.NewGuid(), 3, "debug.echo", "{ \"message\" : \"h\\u00e9 \\\"\" }"u8.ToArray(), TimeSpan.FromMilliseconds(1500), 5, "00-ab-cd-01");
        var second = new RunTask(Guid.NewGuid(), 0, "http.fetch", "[1,\n2.50]"u8.ToArray(), TimeSpan.FromDays(2), 1, null, Losses: 2);

        Assert.That(RunTasksReader.TryRead(RunTasksWriter.Write(new RunTasks([first, second])), out var message, out _));

        Assert.That(message!.Tasks, Has.Count.EqualTo(2));
        foreach (var (written, read) in new[] { first, second }.Zip(message.Tasks))
        {
            Assert.That(read.Input.ToArray(), Is.EqualTo(written.Input.ToArray()), "byte for byte");
            Assert.That(read with { Input = written.Input }, Is.EqualTo(written));
        }
    }

    [Test]
    public void The_wire_is_as_documented()
    {
        var task = new RunTask(Guid.Parse(Id), 2, "k", "{}"u8.ToArray(), TimeSpan.FromSeconds(1), 3, "t");
        Assert.That(
            Encoding.UTF8.GetString(RunTasksWriter.Write(new RunTasks([task]))),
            Is.EqualTo($$$"""{"v":1,"tasks":[{"id":"{{{Id}}}","rev":2,"kind":"k","input":{},"timeoutMs":1000,"maxAttempts":3,"traceParent":"t"}]}"""));
    }

    [Test]
    public void Members_that_a_newer_sender_adds_are_skipped()
    {
        var body = $$$"""{"at":{"a":[1]},"tasks":[{"new":[{}],"kind":"k","input":null,"id":"{{{Id}}}","timeoutMs":5,"more":1}],"v":1}""";
        Assert.That(RunTasksReader.TryRead(Encoding.UTF8.GetBytes(body), out var message, out var reason), reason);
        Assert.That(Encoding.UTF8.GetString(message!.Tasks[0].Input.Span), Is.EqualTo("null"));
    }

    [TestCase("", "JSON")]
    [TestCase("hello", "'h' is an invalid start")]
    [TestCase("[]", "not a JSON object")]
    [TestCase("{\"v\":1,\"tasks\":[", "")]
    [TestCase("{\"v\":1}", "no tasks")]
    [TestCase("{\"v\":1,\"tasks\":[]}", "no tasks")]
    [TestCase("{\"v\":1,\"tasks\":{}}", "not an array")]
    [TestCase("{\"v\":1,\"tasks\":[7]}", "Task 0 is not an object")]
    [TestCase("{\"v\":1,\"tasks\":[{\"kind\":\"k\"}]}", "Task 0 lacks")]
    [TestCase("{\"v\":1,\"tasks\":[{\"id\":\"x\",\"kind\":\"k\",\"input\":1,\"timeoutMs\":1}]}", "wrong type")]
    [TestCase("{\"v\":1,\"tasks\":[{\"id\":\"" + Id + "\",\"kind\":5,\"input\":1,\"timeoutMs\":1}]}", "wrong type")]
    [TestCase("{\"v\":1,\"tasks\":[{\"id\":\"" + Id + "\",\"kind\":\"k\",\"input\":1,\"timeoutMs\":9e99}]}", "wrong type")]
    [TestCase("{\"v\":1,\"tasks\":[{\"id\":\"" + Id + "\",\"kind\":\"k\",\"input\":1,\"timeoutMs\":9223372036854775807}]}", "out of range")]
    [TestCase("{\"v\":1,\"tasks\":[{\"id\":\"" + Id + "\",\"kind\":\"k\",\"input\":1,\"timeoutMs\":1}]} {}", "")]
    [TestCase("{\"tasks\":[{\"id\":\"" + Id + "\",\"kind\":\"k\",\"input\":1,\"timeoutMs\":1}]}", "no version")]
    [TestCase("{\"v\":2,\"tasks\":\"something else by then\"}", "version 2")]
    public void What_can_not_be_read_is_refused_with_a_reason(string body, string reason)
    {
        Assert.That(RunTasksReader.TryRead(Encoding.UTF8.GetBytes(body), out var message, out var said), Is.False);
        Assert.That(message, Is.Null);
        Assert.That(said, Is.Not.Empty.And.Contains(reason));
    }

    [Test]
    public void Bytes_that_are_no_text_are_refused_with_a_reason()
    {
        Assert.That(RunTasksReader.TryRead(new byte[] { 0x7b, 0xff, 0xfe, 0x00 }, out _, out var reason), Is.False);
        Assert.That(reason, Is.Not.Empty);
    }
}
