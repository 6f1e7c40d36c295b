using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Brings a database up to this version of the schema. Any number of processes may start at once: one works, the others wait.</summary>
public static class MigrationRunner
{
    // "messaging" as a number: the key of the session's advisory lock.
    private const long LockKey = 0x6d657373616765;

    private const string History = "schema_migrations";

    /// <summary>Applies the migrations that are missing.</summary>
    /// <param name="connectionString">The database; it must exist.</param>
    /// <param name="cancellationToken">Ends the wait for another process's migration too.</param>
    /// <exception cref="NpgsqlException">The database can't be reached, or a statement failed; nothing of that migration is kept.</exception>
    public static async Task MigrateAsync(string connectionString, CancellationToken cancellationToken)
    {
        var single = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "messaging-migrations" };
        await using var connection = new NpgsqlConnection(single.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        // Mostly so, and then EF Core is not even loaded: a worker that does not need it is 25 MiB smaller.
        if (await IsUpToDateAsync(connection, cancellationToken))
            return;
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({LockKey})", cancellationToken);
        await ApplyAsync(connection, cancellationToken);
        // The lock goes with the session, at the end of this method.
    }

    /// <summary>True if every migration of this version has been applied; a migration has the name of its SQL file.</summary>
    /// <exception cref="NpgsqlException">The database can't be reached.</exception>
    internal static async Task<bool> IsUpToDateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var prefix = $"{typeof(MigrationRunner).Namespace}.Sql.";
        var missing = typeof(MigrationRunner).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => Path.GetFileNameWithoutExtension(name[prefix.Length..]))
            .ToHashSet(StringComparer.Ordinal);
        // EF Core keeps the table locked while it migrates.
        await using var command = new NpgsqlCommand($"SELECT \"MigrationId\" FROM {MessagingDbContext.Schema}.{History}", connection) { CommandTimeout = 0 };
        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                missing.Remove(reader.GetString(0));
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return false;
        }

        return missing.Count == 0;
    }

    // On its own: whoever does not come here loads nothing of what is named here.
    private static async Task ApplyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, $"CREATE SCHEMA IF NOT EXISTS {MessagingDbContext.Schema}", cancellationToken);
        var options = new DbContextOptionsBuilder<MessagingDbContext>()
            .UseNpgsql(connection, npgsql => npgsql.MigrationsHistoryTable(History, MessagingDbContext.Schema))
            // The SQL files are the schema; there is no generated snapshot that the model could differ from.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning))
            .Options;
        await using var context = new MessagingDbContext(options);
        await context.Database.MigrateAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
