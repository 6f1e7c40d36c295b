using Messaging.Infrastructure.Migrations;
using Messaging.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
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

    [Test]
    public async Task What_is_up_to_date_is_seen_at_a_glance_and_what_is_not_is_brought_up_to_date()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        Assert.That(await MigrationRunner.IsUpToDateAsync(connection, CancellationToken.None), Is.False, "there is no schema");
        await ExecuteAsync(source, "CREATE SCHEMA messaging");
        Assert.That(await MigrationRunner.IsUpToDateAsync(connection, CancellationToken.None), Is.False, "there is no table");

        await MigrationRunner.MigrateAsync(database.ConnectionString, CancellationToken.None);
        Assert.That(await MigrationRunner.IsUpToDateAsync(connection, CancellationToken.None), Is.True);

        await ExecuteAsync(source, "DELETE FROM messaging.schema_migrations WHERE \"MigrationId\" IN ('0018_express', '0019_all_ours'); ALTER TABLE messaging.workers DROP COLUMN express; DROP FUNCTION messaging.all_ours");
        Assert.That(await MigrationRunner.IsUpToDateAsync(connection, CancellationToken.None), Is.False, "one is missing");
        await MigrationRunner.MigrateAsync(database.ConnectionString, CancellationToken.None);
        Assert.That(await MigrationRunner.IsUpToDateAsync(connection, CancellationToken.None), Is.True);
        await ExecuteAsync(source, "SELECT express FROM messaging.workers");

        await ExecuteAsync(source, "INSERT INTO messaging.schema_migrations VALUES ('9999_of_a_newer_version', '10.0.0')");
        Assert.That(await MigrationRunner.IsUpToDateAsync(connection, CancellationToken.None), Is.True);
    }

    [Test]
    public async Task A_ledger_of_an_earlier_version_gets_the_new_submit_and_keeps_who_may_call_it()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using (var earlier = Context(database.ConnectionString))
        {
            // By hand: EF Core takes the name of a migration apart to find it, and expects a time of 14 digits at its beginning.
            var (migrations, history) = (earlier.GetService<IMigrationsAssembly>(), earlier.GetService<IHistoryRepository>());
            await ExecuteAsync(source, $"CREATE SCHEMA messaging; {history.GetCreateScript()}");
            foreach (var (id, type) in migrations.Migrations.TakeWhile(migration => string.CompareOrdinal(migration.Key, "0013") < 0))
            {
                foreach (var operation in migrations.CreateMigration(type, earlier.Database.ProviderName!).UpOperations.OfType<SqlOperation>())
                    await ExecuteAsync(source, operation.Sql);
                await ExecuteAsync(source, history.GetInsertScript(new HistoryRow(id, "10.0.0")));
            }
        }

        var role = $"upgraded_{Guid.NewGuid():N}";
        await using var allow = source.CreateCommand($"CREATE ROLE {role}; SELECT messaging.allow_submit('{role}')");
        await allow.ExecuteNonQueryAsync();
        try
        {
            Assert.That(await RefusalAsync(source), Is.EqualTo("not-built-yet"));
            await MigrationRunner.MigrateAsync(database.ConnectionString, CancellationToken.None);

            Assert.That(await RefusalAsync(source), Is.EqualTo("unknown-kind"), "the callback is no reason any more");
            await using var may = source.CreateCommand($"SELECT has_function_privilege('{role}', 'messaging.submit(text, text, text)', 'EXECUTE')");
            Assert.That(await may.ExecuteScalarAsync(), Is.True);
            await using var all = source.CreateCommand("SELECT has_function_privilege('public', 'messaging.submit(text, text, text)', 'EXECUTE')");
            Assert.That(await all.ExecuteScalarAsync(), Is.False);
        }
        finally
        {
            await using var drop = source.CreateCommand($"DROP OWNED BY {role}; DROP ROLE {role}");
            await drop.ExecuteNonQueryAsync();
        }
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static MessagingDbContext Context(string connectionString) => new(new DbContextOptionsBuilder<MessagingDbContext>()
        .UseNpgsql(connectionString, npgsql => npgsql.MigrationsHistoryTable("schema_migrations", MessagingDbContext.Schema))
        .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning))
        .Options);

    private static async Task<string?> RefusalAsync(NpgsqlDataSource source)
    {
        // As json, too: that function calls the one that was replaced.
        await using var submit = source.CreateCommand("""SELECT messaging.submit('no.such', '{}'::jsonb, '{"callback":{"url":"https://example.com/"}}'::jsonb)""");
        return Assert.ThrowsAsync<PostgresException>(async () => await submit.ExecuteScalarAsync())!.ConstraintName;
    }
}
