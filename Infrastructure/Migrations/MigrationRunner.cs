using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Brings a database up to this version of the schema. Any number of processes may start at once: one works, the others wait.</summary>
public static class MigrationRunner
{
    // "messaging" as a number: the key of the session's advisory lock.
    private const long LockKey = 0x6d657373616765;

    /// <summary>Applies the migrations that are missing.</summary>
    /// <param name="connectionString">The database; it must exist.</param>
    /// <param name="cancellationToken">Ends the wait for another process's migration too.</param>
    /// <exception cref="NpgsqlException">The database can't be reached, or a statement failed; nothing of that migration is kept.</exception>
    public static async Task MigrateAsync(string connectionString, CancellationToken cancellationToken)
    {
        var single = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "messaging-migrations" };
        await using var connection = new NpgsqlConnection(single.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({LockKey})", cancellationToken);
        await ExecuteAsync(connection, $"CREATE SCHEMA IF NOT EXISTS {MessagingDbContext.Schema}", cancellationToken);
        var options = new DbContextOptionsBuilder<MessagingDbContext>()
            .UseNpgsql(connection, npgsql => npgsql.MigrationsHistoryTable("schema_migrations", MessagingDbContext.Schema))
            // The SQL files are the schema; there is no generated snapshot that the model could differ from.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning))
            .Options;
        await using var context = new MessagingDbContext(options);
        await context.Database.MigrateAsync(cancellationToken);
        // The lock goes with the session, at the end of this method.
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
