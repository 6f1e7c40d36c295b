using Messaging.Tests.Support;
using Npgsql;
using RabbitMQ.Client;

namespace Messaging.Tests.Integration.Support;

[CancelAfter(60_000)]
public sealed class FixtureServersTests
{
    private static int _migrations;

    [Test]
    public async Task Databases_share_one_migration_and_nothing_else(CancellationToken cancellationToken)
    {
        await using var one = await TestDatabase.CreateAsync(MigrateAsync, cancellationToken);
        await using var other = await TestDatabase.CreateAsync(MigrateAsync, cancellationToken);

        await ExecuteAsync(one.ConnectionString, "INSERT INTO notes VALUES ('only here')", cancellationToken);

        Assert.That(await ExecuteAsync(other.ConnectionString, "SELECT count(*) FROM notes", cancellationToken), Is.Zero);
        Assert.That(_migrations, Is.EqualTo(1));
    }

    [Test]
    public async Task A_database_is_gone_at_the_end_even_if_somebody_is_connected(CancellationToken cancellationToken)
    {
        var database = await TestDatabase.CreateEmptyAsync(cancellationToken);
        await using var connected = new NpgsqlConnection(database.ConnectionString);
        await connected.OpenAsync(cancellationToken);

        await database.DisposeAsync();

        Assert.That(
            async () => await ExecuteAsync(database.ConnectionString, "SELECT 1", cancellationToken),
            Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.InvalidCatalogName));
    }

    [Test]
    public async Task Virtual_hosts_see_only_their_own_queues(CancellationToken cancellationToken)
    {
        await using var one = await TestBroker.CreateAsync(cancellationToken);
        await using var other = await TestBroker.CreateAsync(cancellationToken);
        await using (var connection = await new ConnectionFactory { Uri = one.Uri }.CreateConnectionAsync(cancellationToken))
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await channel.QueueDeclareAsync("mine", durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
            await channel.BasicPublishAsync("", "mine", "hello"u8.ToArray(), cancellationToken);
            await Eventually.GetAsync(one.MineAsync, count => count == 1, cancellationToken: cancellationToken);
        }

        Assert.That(await other.MineAsync(cancellationToken), Is.Null);
    }

    private static async Task MigrateAsync(string connectionString)
    {
        Interlocked.Increment(ref _migrations);
        await ExecuteAsync(connectionString, "CREATE TABLE notes (text text)", CancellationToken.None);
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}

file static class Queues
{
    public static Task<uint?> MineAsync(this TestBroker broker, CancellationToken cancellationToken)
        => broker.ReadyMessagesAsync("mine", cancellationToken);
}
