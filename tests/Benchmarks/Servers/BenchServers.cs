using Messaging.Tests.Benchmarks.Measure;
using Messaging.Tests.Support.Servers;
using Npgsql;
using RabbitMQ.Client;

namespace Messaging.Tests.Benchmarks.Servers;

/// <summary>Postgres and RabbitMQ of one case, private and on free ports, gone with it; only tests lend it a RabbitMQ.</summary>
internal sealed class BenchServers : IAsyncDisposable
{
    private readonly PostgresServer _postgres = new();
    private readonly LentRabbitMq? _lent = LentRabbitMq.Find();
    private readonly RabbitMqServer? _rabbitMq;

    private BenchServers() => _rabbitMq = _lent is null ? new RabbitMqServer() : null;

    /// <summary>AMQP URI.</summary>
    public Uri RabbitMq => _lent?.Uri ?? _rabbitMq!.Uri;

    /// <summary>Root of Postgres's processes.</summary>
    public int PostgresId => _postgres.ProcessId;

    /// <summary>RabbitMQ's process.</summary>
    public int RabbitMqId => _lent?.ProcessId ?? _rabbitMq!.ProcessId;

    /// <summary>Starts both.</summary>
    public static async Task<BenchServers> StartAsync(CancellationToken cancellationToken)
    {
        var servers = new BenchServers();
        try
        {
            await Task.WhenAll(servers._postgres.StartAsync(cancellationToken), servers._rabbitMq?.StartAsync(cancellationToken) ?? Task.CompletedTask);
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Versions, and the settings of Postgres that are not stock.</summary>
    public async Task<Dictionary<string, string>> FactsAsync(CancellationToken cancellationToken)
    {
        await using var database = new NpgsqlConnection(_postgres.ConnectionString);
        await database.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT string_agg(name || '=' || current_setting(name), ' ' ORDER BY name) FROM pg_settings
            WHERE source = 'command line' AND name IN ('fsync', 'shared_buffers', 'max_wal_size', 'synchronous_commit', 'wal_level', 'wal_compression')
            """,
            database);
        var settings = (string)(await command.ExecuteScalarAsync(cancellationToken))!;
        await using var broker = await new ConnectionFactory { Uri = RabbitMq }.CreateConnectionAsync(cancellationToken);
        var version = broker.ServerProperties?["version"] is byte[] bytes ? System.Text.Encoding.UTF8.GetString(bytes) : "?";
        return new(MachineFacts.Read()) { ["Postgres"] = $"{database.PostgreSqlVersion} ({settings})", ["RabbitMQ"] = version };
    }

    /// <summary>Makes an empty database and answers its Npgsql connection string.</summary>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(_postgres.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>Messages that wait in a queue.</summary>
    public async Task<uint> WaitingAsync(string queue, CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = RabbitMq }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        return (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
    }

    /// <summary>Throws away what waits in a queue.</summary>
    public async Task PurgeAsync(string queue, CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = RabbitMq }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.QueuePurgeAsync(queue, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_rabbitMq is not null)
            await _rabbitMq.DisposeAsync();
        await _postgres.DisposeAsync();
    }
}
