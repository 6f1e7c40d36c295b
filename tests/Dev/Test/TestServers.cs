using Messaging.Tests.Support;
using Messaging.Tests.Support.Containers;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Dev.Test;

/// <summary>The servers that the tests of one run share: private processes on free ports, or containers.</summary>
public sealed class TestServers : IAsyncDisposable
{
    private readonly IPostgres _postgres;
    private readonly IRabbitMq _rabbitMq;

    private TestServers(IPostgres postgres, IRabbitMq rabbitMq)
    {
        _postgres = postgres;
        _rabbitMq = rabbitMq;
    }

    /// <summary>What tells the tests where the servers are, and how the processes that they start are compiled.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?>
    {
        // The product compiles well at once, which a start pays for; a process of a test does little and lives for seconds.
        ["DOTNET_TC_QuickJit"] = "1",
        ["DOTNET_TC_CallCountingDelayMs"] = "64", // hexadecimal; the runtime's own
        ["DOTNET_TieredPGO"] = "0",
        [SharedServers.PostgresVariable] = _postgres.ConnectionString,
        [SharedServers.RabbitMqVariable] = _rabbitMq.Uri.ToString(),
        [SharedServers.ManagementVariable] = _rabbitMq.ManagementUri!.ToString(),
    };

    /// <summary>Starts both at once.</summary>
    /// <exception cref="ServerStartException">One does not come up; the other has been stopped.</exception>
    public static Task<TestServers> StartAsync(bool containers, CancellationToken cancellationToken)
        => containers ? StartContainersAsync(cancellationToken) : StartProcessesAsync(cancellationToken);

    /// <summary>One line that says what the tests run against.</summary>
    public async Task<string> DescribeAsync(CancellationToken cancellationToken)
        => $"Postgres {await ServerVersions.PostgresAsync(_postgres, cancellationToken)}, RabbitMQ {await ServerVersions.RabbitMqAsync(_rabbitMq, cancellationToken)}";

    /// <summary>Stops both and removes what they kept.</summary>
    public async ValueTask DisposeAsync()
        => await Task.WhenAll(((IAsyncDisposable)_postgres).DisposeAsync().AsTask(), ((IAsyncDisposable)_rabbitMq).DisposeAsync().AsTask());

    private static async Task<TestServers> StartProcessesAsync(CancellationToken cancellationToken)
    {
        var postgres = new PostgresServer(settings: PostgresSettings.Shared);
        var rabbitMq = new RabbitMqServer(management: true);
        return await new TestServers(postgres, rabbitMq).WhenAsync(postgres.StartAsync(cancellationToken), rabbitMq.StartAsync(cancellationToken));
    }

    private static async Task<TestServers> StartContainersAsync(CancellationToken cancellationToken)
    {
        var postgres = new ContainerPostgres();
        var rabbitMq = new ContainerRabbitMq();
        return await new TestServers(postgres, rabbitMq).WhenAsync(postgres.StartAsync(cancellationToken), rabbitMq.StartAsync(cancellationToken));
    }

    private async Task<TestServers> WhenAsync(params Task[] starting)
    {
        try
        {
            await Task.WhenAll(starting);
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }
}
