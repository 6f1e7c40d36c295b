using Messaging.Infrastructure.Migrations;
using Messaging.Tests.Support;
using Npgsql;

namespace Messaging.Tests.Integration.Migrations;

public sealed class MigrationRunnerTests
{
    [Test]
    public async Task Many_processes_may_migrate_at_once_and_again()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => MigrationRunner.MigrateAsync(database.ConnectionString, CancellationToken.None)));
        await MigrationRunner.MigrateAsync(database.ConnectionString, CancellationToken.None);

        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand("SELECT count(*) FROM messaging.schema_migrations");
        var migrations = typeof(SqlMigration).Assembly.GetTypes().Count(type => type.IsSubclassOf(typeof(SqlMigration)));
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(migrations));
    }
}
