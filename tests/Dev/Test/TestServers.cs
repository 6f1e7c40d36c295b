using Messaging.Tests.Support;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Test;

/// <summary>The servers of one test run, in temporary folders on free ports.</summary>
public sealed class TestServers : IAsyncDisposable
{
    private readonly PostgresServer _postgres = new();
    private readonly RabbitMqServer _rabbitMq = new(management: true);

    private TestServers()
    {
    }

    /// <summary>What tells the tests where the servers are.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?>
    {
        [SharedServers.PostgresVariable] = _postgres.ConnectionString,
        [SharedServers.RabbitMqVariable] = _rabbitMq.Uri.ToString(),
        [SharedServers.ManagementVariable] = _rabbitMq.ManagementUri!.ToString(),
    };

    /// <summary>Starts both at once.</summary>
    public static async Task<TestServers> StartAsync(CancellationToken cancellationToken)
    {
        var servers = new TestServers();
        try
        {
            await Task.WhenAll(servers._postgres.StartAsync(cancellationToken), servers._rabbitMq.StartAsync(cancellationToken));
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops both and removes their folders.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_postgres.DisposeAsync().AsTask(), _rabbitMq.DisposeAsync().AsTask());
}
