using System.Net;
using System.Net.Sockets;
using Messaging.Tests.Dev;
using Messaging.Tests.Dev.Up;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Integration.Support;

[CancelAfter(60_000)]
public sealed class UpCommandTests
{
    [Test]
    public void Says_which_option_it_does_not_understand()
    {
        Assert.That(() => UpOptions.Parse(["--bogus"]), Throws.TypeOf<UsageException>().With.Message.Contains("--bogus"));
        Assert.That(() => UpOptions.Parse(["--port"]), Throws.TypeOf<UsageException>().With.Message.Contains("--port"));
        Assert.That(() => UpOptions.Parse(["--consumers", "many"]), Throws.TypeOf<UsageException>().With.Message.Contains("'many'"));
        Assert.That(
            UpOptions.Parse(["--consumers", "3", "--fresh", "--port", "9090"]),
            Is.EqualTo(new UpOptions { Consumers = 3, Port = 9090, Fresh = true }));
    }

    [Test]
    public void A_port_in_use_is_said_before_anything_is_started()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var signals = new StopSignals();
        Assert.That(
            async () => await UpCommand.RunAsync(new UpOptions { Port = port, Data = "/dev/null/never" }, signals),
            Throws.TypeOf<ServerStartException>().With.Message.Contains($"Port {port} is in use").And.Message.Contains("--port"));
    }

    [Test]
    public async Task A_data_folder_has_one_user_at_a_time_and_what_a_killed_one_left_is_ended(CancellationToken cancellationToken)
    {
        var folder = DataFolder.Temporary("up");
        var options = new UpOptions { Data = folder.Combine("data") };
        var output = new UpOutput();
        await using var leftover = ManagedProcess.Start(
            "leftover", "sleep", ["600"], new Dictionary<string, string?> { [DataFolder.OwnerVariable] = options.Data });
        using (var first = await UpFolder.TakeAsync(options, output, cancellationToken))
        {
            Assert.That(leftover.Exit.IsCompleted || !ProcessIdentity.Of(leftover.Id).HasValue, Is.True);
            Assert.That(
                async () => await UpFolder.TakeAsync(options, output, cancellationToken),
                Throws.TypeOf<ServerStartException>().With.Message.Contains(first.Data.Path));
            await File.WriteAllTextAsync(first.Data.Combine("kept"), "", cancellationToken);
        }

        using (var second = await UpFolder.TakeAsync(options, output, cancellationToken))
            Assert.That(second.Data.Combine("kept"), Does.Exist);
        using (var fresh = await UpFolder.TakeAsync(options with { Fresh = true }, output, cancellationToken))
            Assert.That(fresh.Data.Combine("kept"), Does.Not.Exist);
        folder.Release();
    }
}
