using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Integration.Support;

public sealed class CommandTests
{
    [Test]
    public void A_link_to_a_program_that_was_removed_is_no_program()
    {
        var folder = DataFolder.Temporary("links");
        File.CreateSymbolicLink(folder.Combine("gone-program"), folder.Combine("nowhere"));
        File.CreateSymbolicLink(folder.Combine("there-program"), "/bin/sh");

        Assert.That(Command.Find("gone-program", folder.Path), Is.Null);
        Assert.That(Command.Find("there-program", folder.Path), Is.EqualTo(folder.Combine("there-program")));
        folder.Release();
    }
}
