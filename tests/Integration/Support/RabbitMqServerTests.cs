using System.Text;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Tests.Integration.Support;

[CancelAfter(120_000)]
public sealed class RabbitMqServerTests
{
    [Test]
    public async Task Keeps_port_and_confirmed_messages_over_a_kill_and_a_restart_and_leaves_nothing_behind(CancellationToken cancellationToken)
    {
        var folder = DataFolder.Temporary("test");
        var server = new RabbitMqServer(folder);
        await using (server)
        {
            await server.StartAsync(cancellationToken);
            var address = server.Uri;
            await SendAsync(address, cancellationToken);

            await server.RestartAsync(StopMode.Graceful, cancellationToken);
            // A quorum queue has no leader in its first moments and refuses (nack) what it is sent.
            await Eventually.TrueAsync(async token => await SendAsync(address, token) == 2, cancellationToken: cancellationToken);
            await server.KillAsync(cancellationToken);
            Assert.That(async () => await SendAsync(address, cancellationToken), Throws.InstanceOf<BrokerUnreachableException>());
            await server.StartAsync(cancellationToken);

            Assert.That(server.Uri, Is.EqualTo(address));
            await Eventually.TrueAsync(async token => await SendAsync(address, token) == 3, cancellationToken: cancellationToken);
        }

        Assert.That(ProcessIdentity.WithEnvironment(DataFolder.OwnerVariable, folder.Path), Is.Empty, "the broker's epmd must end too");
        Assert.That(folder.Path, Does.Not.Exist);
    }

    /// <summary>Sends a confirmed message into a quorum queue and returns how many are there.</summary>
    private static async Task<uint> SendAsync(Uri address, CancellationToken cancellationToken)
    {
        const string queue = "kept";
        await using var connection = await new ConnectionFactory { Uri = address }.CreateConnectionAsync(cancellationToken);
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirmed, cancellationToken);
        await channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellationToken);
        await channel.BasicPublishAsync("", queue, mandatory: true, Encoding.UTF8.GetBytes("hello"), cancellationToken);
        return (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
    }
}
