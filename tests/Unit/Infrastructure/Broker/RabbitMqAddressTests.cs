using Messaging.Infrastructure.Broker;

namespace Messaging.Tests.Unit.Infrastructure.Broker;

public sealed class RabbitMqAddressTests
{
    [TestCase("amqp://broker", "broker", 5672, "/", "guest", "guest", false)]
    [TestCase("amqp://broker/", "broker", 5672, "/", "guest", "guest", false)]
    [TestCase("amqp://u%40x:p%2Fw@10.0.0.1:1234/v%2Fh", "10.0.0.1", 1234, "v/h", "u@x", "p/w", false)]
    [TestCase("amqps://u:p@broker/shop", "broker", 5671, "shop", "u", "p", true)]
    public void An_address_is_taken_apart(string text, string host, int port, string virtualHost, string user, string password, bool tls) =>
        Assert.That(RabbitMqAddress.Parse(text), Is.EqualTo(new RabbitMqAddress(host, (ushort)port, virtualHost, user, password, tls)));

    [TestCase(null, "is not set")]
    [TestCase(" ", "is not set")]
    [TestCase("localhost:5672", "is not an AMQP URI")]
    [TestCase("http://user:secret@localhost", "is not an AMQP URI")]
    [TestCase("amqp://user:secret@localhost/a/b", "virtual host")]
    public void A_wrong_address_is_refused_without_showing_the_password(string? text, string says)
    {
        var refusal = Assert.Throws<FormatException>(() => RabbitMqAddress.Parse(text));
        Assert.That(refusal!.Message, Does.Contain("Messaging:RabbitMq").And.Contain(says).And.Contain("e.g. amqp://"));
        Assert.That(refusal.Message.Replace("messaging:secret", "", StringComparison.Ordinal), Does.Not.Contain("secret"));
    }

    [Test]
    public void A_log_line_shows_neither_user_nor_password() =>
        Assert.That(RabbitMqAddress.Parse("amqp://user:secret@broker/shop").ToString(), Is.EqualTo("broker:5672/shop"));
}
