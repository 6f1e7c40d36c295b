using Messaging.Tests.Dev;
using Messaging.Tests.Dev.Test;

namespace Messaging.Tests.Integration.Support;

public sealed class TestOptionsTests
{
    [Test]
    public void Options_and_a_name_stand_in_any_order()
    {
        Assert.That(TestOptions.Parse([]), Is.EqualTo(new TestOptions()));
        Assert.That(
            TestOptions.Parse(["--rabbitmq", "/tmp", "Relay", "--containers", "--postgres", "/var/tmp"]),
            Is.EqualTo(new TestOptions { Filter = "Relay", Containers = true, RabbitMq = "/tmp", Postgres = "/var/tmp" }));
    }

    [TestCase("--bogus")]
    [TestCase("--rabbitmq")]
    [TestCase("One", "Two")]
    public void What_is_not_understood_is_named_with_the_usage(params string[] arguments)
        => Assert.That(
            () => TestOptions.Parse(arguments), Throws.TypeOf<UsageException>().With.Message.Contains($"'{arguments[^1]}'").And.Message.Contains("--containers"));

    [Test]
    public void A_folder_that_is_not_there_is_said_at_once()
        => Assert.That(
            () => TestOptions.Parse(["--postgres", "/no/such/folder"]), Throws.TypeOf<UsageException>().With.Message.Contains("/no/such/folder"));
}
