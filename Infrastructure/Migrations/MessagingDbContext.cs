using System.Text.Json;
using Messaging.Infrastructure.Store.Read.Tables;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Infrastructure.Migrations;

/// <summary>The model of the ledger for EF Core: migrations and small lists. The hot path, and whatever reads the big tables, is plain Npgsql.</summary>
public sealed class MessagingDbContext(DbContextOptions<MessagingDbContext> options) : DbContext(options)
{
    /// <summary>The schema of every table of ours; a user's own tables stay out of it.</summary>
    public const string Schema = "messaging";

    /// <summary>The processes.</summary>
    public DbSet<WorkerRow> Workers => Set<WorkerRow>();

    /// <summary>A context for reading on an open connection, which stays the caller's. What it reads is not tracked.</summary>
    public static MessagingDbContext ForReading(NpgsqlConnection connection) =>
        new(new DbContextOptionsBuilder<MessagingDbContext>()
            .UseNpgsql(connection)
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .Options);

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(MessagingDbContext).Assembly);
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(table => table.GetProperties()))
            property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
    }
}
