using Messaging.Tests.Support;
using Messaging.Tests.Support.Faults;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;
using Npgsql;

namespace Messaging.Tests.Chaos;

/// <summary>Servers of its own, a bad network in front of them, and the processes behind it.</summary>
public sealed class ChaosSystem : IAsyncDisposable
{
    private static readonly TimeSpan SuperviseEvery = TimeSpan.FromMilliseconds(500);

    // The ledger check comes every minute by default, which is a long time in a short run.
    private static readonly Dictionary<string, string?> Settings = new() { ["Messaging__Reconcile__Interval"] = "00:00:10" };

    private readonly CancellationTokenSource _stop = new();
    private Task _supervising = Task.CompletedTask;

    private ChaosSystem()
    {
    }

    /// <summary>The ledger's server.</summary>
    public PostgresServer Postgres { get; } = new();

    /// <summary>The broker.</summary>
    public RabbitMqServer RabbitMq { get; } = new();

    /// <summary>Held by whoever stops or starts a server: two faults at once may both want to.</summary>
    public SemaphoreSlim ChangingServers { get; } = new(1);

    /// <summary>What stands between the processes and Postgres.</summary>
    public TcpProxy ToPostgres { get; private set; } = null!;

    /// <summary>What stands between the processes and RabbitMQ.</summary>
    public TcpProxy ToRabbitMq { get; private set; } = null!;

    /// <summary>Connection string of the ledger past the bad network, for the one who checks.</summary>
    public string Direct { get; private set; } = "";

    /// <summary>The producers.</summary>
    public IReadOnlyList<Replica> Producers { get; private set; } = [];

    /// <summary>The consumers.</summary>
    public IReadOnlyList<Replica> Consumers { get; private set; } = [];

    /// <summary>Both.</summary>
    public IEnumerable<Replica> Replicas => Producers.Concat(Consumers);

    /// <summary>Starts everything and awaits that all is ready.</summary>
    /// <exception cref="ServerStartException">A server or a process does not come up.</exception>
    public static async Task<ChaosSystem> StartAsync(ChaosOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var system = new ChaosSystem();
        try
        {
            await system.StartServersAsync(cancellationToken);
            var network = new ProcessConnections(
                new NpgsqlConnectionStringBuilder(system.Direct) { Port = system.ToPostgres.Port }.ConnectionString,
                system.ToRabbitMq.Through(system.RabbitMq.Uri));
            var ports = FreePorts.Find(options.Producers);
            system.Producers = [.. ports.Select((port, n) => new Replica($"producer-{n + 1}", () => ProducerProcess.Launch(network, port, Settings)))];
            system.Consumers = [.. Enumerable.Range(1, options.Consumers).Select(n =>
                new Replica($"consumer-{n}", () => ConsumerProcess.Launch(network, new() { Name = $"consumer-{n}" }, Settings)))];
            foreach (var replica in system.Replicas)
                replica.Start();
            await system.ReadyAsync(cancellationToken);
            system._supervising = Task.Run(system.SuperviseAsync, CancellationToken.None);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Awaits that every process says that it is ready.</summary>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        foreach (var replica in Replicas)
            await replica.Process.WaitUntilReadyAsync(cancellationToken);
    }

    /// <summary>Runs a query on the ledger, past the bad network.</summary>
    public async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object[] values)
    {
        ArgumentNullException.ThrowIfNull(read);
        await using var connection = new NpgsqlConnection(Direct);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>Ends everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _supervising;
        foreach (var replica in Replicas)
            await replica.DisposeAsync();
        if (ToPostgres is not null)
            await ToPostgres.DisposeAsync();
        if (ToRabbitMq is not null)
            await ToRabbitMq.DisposeAsync();
        await RabbitMq.DisposeAsync();
        await Postgres.DisposeAsync();
        ChangingServers.Dispose();
    }

    private async Task StartServersAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Postgres.StartAsync(cancellationToken), RabbitMq.StartAsync(cancellationToken));
        // Without the pool: it would keep connections over restarts of the server.
        Direct = new NpgsqlConnectionStringBuilder(await Postgres.EnsureDatabaseAsync("messaging", cancellationToken)) { Pooling = false }.ConnectionString;
        ToPostgres = new TcpProxy(new NpgsqlConnectionStringBuilder(Direct).Port);
        ToRabbitMq = new TcpProxy(RabbitMq.Uri.Port);
        await TestLedger.MigrateAsync(Direct);
    }

    private async Task SuperviseAsync()
    {
        using var timer = new PeriodicTimer(SuperviseEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                foreach (var replica in Replicas)
                    await replica.SuperviseAsync();
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }
}
