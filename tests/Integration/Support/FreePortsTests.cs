using System.Globalization;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Integration.Support;

public sealed class FreePortsTests
{
    // As another process would: the exit code says whether it could have the port.
    private const string TakeIt = """
        import fcntl, os, sys
        file = os.open(sys.argv[1], os.O_RDWR)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, int(sys.argv[2]))
        except OSError:
            sys.exit(3)
        """;

    [Test]
    public async Task A_port_is_given_once_whoever_asks()
    {
        var ports = FreePorts.Find(20).Concat(FreePorts.Find(20)).ToArray();

        Assert.That(ports, Is.Unique);
        Assert.That(await ElsewhereAsync(ports[0]), Is.EqualTo(3));
        Assert.That(await ElsewhereAsync(1), Is.Zero, "below those that are given");
    }

    private static async Task<int> ElsewhereAsync(int port) => (await Command.RunAsync(
        "python3", ["-c", TakeIt, FreePorts.TakenFile, port.ToString(CultureInfo.InvariantCulture)])).ExitCode;
}
