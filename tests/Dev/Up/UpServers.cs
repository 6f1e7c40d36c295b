using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Up;

/// <summary>The two private servers of <c>./dev up</c>.</summary>
public sealed class UpServers : IAsyncDisposable
{
    private const string Database = "messaging";

    private readonly PostgresServer _postgres;
    private readonly RabbitMqServer _rabbitMq;
    private bool _stopped;

    private UpServers(DataFolder folder)
    {
        _postgres = new PostgresServer(folder);
        _rabbitMq = new RabbitMqServer(folder);
    }

    /// <summary>How to reach them.</summary>
    public ProcessConnections Connections { get; private set; } = null!;

    /// <summary>Starts both at once.</summary>
    /// <exception cref="ServerStartException">One does not come up; the other has been stopped.</exception>
    public static async Task<UpServers> StartAsync(DataFolder folder, CancellationToken cancellationToken)
    {
        var servers = new UpServers(folder);
        try
        {
            await Task.WhenAll(servers._postgres.StartAsync(cancellationToken), servers._rabbitMq.StartAsync(cancellationToken));
            var postgres = await servers._postgres.EnsureDatabaseAsync(Database, cancellationToken);
            servers.Connections = new ProcessConnections(postgres, servers._rabbitMq.Uri);
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops both in order, at once.</summary>
    public async Task StopAsync()
    {
        await Task.WhenAll(_postgres.StopAsync(), _rabbitMq.StopAsync());
        _stopped = true;
    }

    /// <summary>Stops both the quick way, unless they are stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
            await Task.WhenAll(_postgres.DisposeAsync().AsTask(), _rabbitMq.DisposeAsync().AsTask());
    }
}
