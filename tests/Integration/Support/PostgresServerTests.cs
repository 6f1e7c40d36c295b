using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Messaging.Tests.Support.Servers;
using Npgsql;

namespace Messaging.Tests.Integration.Support;

[CancelAfter(60_000)]
public sealed class PostgresServerTests
{
    [Test]
    public async Task Keeps_port_and_committed_data_over_a_stop_a_kill_and_a_restart(CancellationToken cancellationToken)
    {
        await using var server = new PostgresServer();
        await server.StartAsync(cancellationToken);
        var address = server.ConnectionString;
        await ExecuteAsync(address, "CREATE TABLE kept (n int)", cancellationToken);

        await ExecuteAsync(address, "INSERT INTO kept VALUES (1)", cancellationToken);
        await server.KillAsync(cancellationToken);
        Assert.That(async () => await CountAsync(address, cancellationToken), Throws.InstanceOf<NpgsqlException>());
        await server.StartAsync(cancellationToken);

        await ExecuteAsync(address, "INSERT INTO kept VALUES (2)", cancellationToken);
        await server.RestartAsync(StopMode.Graceful, cancellationToken);
        await ExecuteAsync(address, "INSERT INTO kept VALUES (3)", cancellationToken);
        await server.RestartAsync(StopMode.Immediate, cancellationToken);

        Assert.That(server.ConnectionString, Is.EqualTo(address));
        Assert.That(await CountAsync(address, cancellationToken), Is.EqualTo(3));
    }

    [Test]
    public async Task Leaves_no_process_and_no_temporary_folder_behind(CancellationToken cancellationToken)
    {
        var folder = DataFolder.Temporary("test");
        var server = new PostgresServer(folder);
        await server.StartAsync(cancellationToken);
        Assert.That(ProcessIdentity.WithEnvironment(DataFolder.OwnerVariable, folder.Path), Is.Not.Empty);

        await server.DisposeAsync();

        Assert.That(ProcessIdentity.WithEnvironment(DataFolder.OwnerVariable, folder.Path), Is.Empty);
        Assert.That(folder.Path, Does.Not.Exist);
    }

    [Test]
    public async Task Ends_the_server_that_a_killed_parent_left_in_the_same_folder(CancellationToken cancellationToken)
    {
        var folder = DataFolder.Temporary("test");
        var abandoned = new PostgresServer(folder);
        await abandoned.StartAsync(cancellationToken);
        await ExecuteAsync(abandoned.ConnectionString, "CREATE TABLE kept (n int)", cancellationToken);

        await using var next = new PostgresServer(folder);
        await next.StartAsync(cancellationToken);

        Assert.That(await CountAsync(next.ConnectionString, cancellationToken), Is.Zero);
        Assert.That(async () => await CountAsync(abandoned.ConnectionString, cancellationToken), Throws.InstanceOf<NpgsqlException>());
    }

    [Test]
    public async Task Runs_durably_with_the_stated_settings(CancellationToken cancellationToken)
    {
        var server = await SharedServers.PostgresAsync();
        Assert.That(await ReadAsync(server.ConnectionString, "SHOW fsync", cancellationToken), Is.EqualTo("on"));
        Assert.That(await ReadAsync(server.ConnectionString, "SHOW max_connections", cancellationToken), Is.EqualTo(PostgresSettings.Shared["max_connections"]));
    }

    private static async Task<long> CountAsync(string address, CancellationToken cancellationToken)
        => (long)(await ReadAsync(address, "SELECT count(*) FROM kept", cancellationToken))!;

    private static async Task ExecuteAsync(string address, string sql, CancellationToken cancellationToken) => await ReadAsync(address, sql, cancellationToken);

    private static async Task<object?> ReadAsync(string address, string sql, CancellationToken cancellationToken)
    {
        // Not pooled: a pooled connection would not notice that the server was away.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
