using Messaging.Producer.Cli;

namespace Messaging.Tests.Unit.Producer;

public sealed class CommandArgumentsTests
{
    [Test]
    public void Words_options_and_settings_are_told_apart()
    {
        var read = CommandArguments.Parse(["create", "--name", "a b", "--rate=5", "--Messaging:Postgres=Host=x", "more"], "name", "rate");
        Assert.That(read.Words, Is.EqualTo(new[] { "create", "more" }));
        Assert.That((read.Options["name"], read.Options["rate"]), Is.EqualTo(("a b", "5")));
        Assert.That(read.Settings, Is.EqualTo(new[] { "--Messaging:Postgres=Host=x" }));
        Assert.That(read.Optional("reason", _ => true, ""), Is.Null);
    }

    [TestCase("--nmae|x", "--nmae is not known; known are --name.")]
    [TestCase("--name", "--name has no value.")]
    [TestCase("--name=a|--name=b", "--name is there more than once.")]
    public void What_is_wrong_is_said(string arguments, string message) =>
        Assert.That(() => CommandArguments.Parse(arguments.Split('|'), "name"), Throws.TypeOf<CommandException>().With.Message.EqualTo(message));

    [Test]
    public void A_missing_or_wrong_option_is_named()
    {
        var read = CommandArguments.Parse(["--name=b"], "name", "other");
        Assert.That(() => read.Required("other", _ => true, ""), Throws.TypeOf<CommandException>().With.Message.EqualTo("--other is missing."));
        Assert.That(() => read.Required("name", n => n == "a", "an a"), Throws.TypeOf<CommandException>().With.Message.EqualTo("--name is not an a."));
    }
}
