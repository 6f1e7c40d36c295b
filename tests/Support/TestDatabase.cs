using System.Collections.Concurrent;
using System.Reflection;
using Messaging.Infrastructure.Migrations;
using Npgsql;

namespace Messaging.Tests.Support;

/// <summary>
/// A fresh database of one fixture on the shared server. The schema is migrated once a run into a template, and every database is a copy
/// of it (some 50 ms).
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<MethodInfo, Lazy<Task<string>>> Templates = new();

    private readonly string _name;
    private readonly string _maintenance;

    private TestDatabase(string maintenance, string name)
    {
        _maintenance = maintenance;
        _name = name;
        ConnectionString = Of(maintenance, name).ConnectionString;
    }

    /// <summary>Npgsql connection string; pools of it are the fixture's own business.</summary>
    public string ConnectionString { get; }

    /// <summary>Makes a database with the schema that a migration leaves behind.</summary>
    /// <param name="migrate">Applies the schema to the database of the connection string it is given. Runs once per method and run.</param>
    /// <param name="cancellationToken">Ends the making of this database; the template is made regardless.</param>
    public static async Task<TestDatabase> CreateAsync(Func<string, Task> migrate, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(migrate);
        var server = await SharedServers.PostgresAsync();
        var template = await Templates.GetOrAdd(migrate.Method, _ => new(() => MakeTemplateAsync(server.ConnectionString, migrate))).Value
            .WaitAsync(cancellationToken);
        return await CreateAsync(server.ConnectionString, template, cancellationToken);
    }

    /// <summary>Makes a database with the ledger's schema, as the product applies it.</summary>
    public static Task<TestDatabase> CreateLedgerAsync(CancellationToken cancellationToken = default)
        => CreateAsync(MigrateLedgerAsync, cancellationToken);

    /// <summary>Makes an empty database, without any schema.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync(CancellationToken cancellationToken = default)
        => await CreateAsync((await SharedServers.PostgresAsync()).ConnectionString, "template0", cancellationToken);

    /// <summary>Drops the database, cutting off whoever is still connected.</summary>
    public async ValueTask DisposeAsync()
    {
        await using var own = new NpgsqlConnection(ConnectionString);
        NpgsqlConnection.ClearPool(own);
        await ExecuteAsync(_maintenance, $"""DROP DATABASE IF EXISTS "{_name}" WITH (FORCE)""");
    }

    private static async Task<TestDatabase> CreateAsync(string maintenance, string template, CancellationToken cancellationToken)
    {
        var name = $"test_{Guid.NewGuid():N}";
        await ExecuteAsync(maintenance, $"""CREATE DATABASE "{name}" TEMPLATE "{template}" """, cancellationToken);
        return new TestDatabase(maintenance, name);
    }

    private static Task MigrateLedgerAsync(string connectionString) => MigrationRunner.MigrateAsync(connectionString, CancellationToken.None);

    private static async Task<string> MakeTemplateAsync(string maintenance, Func<string, Task> migrate)
    {
        var name = $"template_{Guid.NewGuid():N}";
        await ExecuteAsync(maintenance, $"""CREATE DATABASE "{name}" TEMPLATE template0""");
        var connection = Of(maintenance, name);
        // A connection that stayed in a pool would block the copying.
        connection.Pooling = false;
        await migrate(connection.ConnectionString);
        await ExecuteAsync(maintenance, $"""ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false""");
        await ExecuteAsync(maintenance, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        return name;
    }

    private static async Task ExecuteAsync(string connectionString, string sql, CancellationToken cancellationToken = default)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlConnectionStringBuilder Of(string maintenance, string database) => new(maintenance) { Database = database };
}
