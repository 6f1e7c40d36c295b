using System.Text.Json;
using Messaging.Infrastructure.Store.Read.Tables;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Infrastructure.Migrations;

/// <summary>The model of the ledger for EF Core: migrations, lists and rare writes. The hot path is plain Npgsql.</summary>
public sealed class MessagingDbContext(DbContextOptions<MessagingDbContext> options) : DbContext(options)
{
    /// <summary>The schema of every table of ours; a user's own tables stay out of it.</summary>
    public const string Schema = "messaging";

    /// <summary>What was asked.</summary>
    public DbSet<TaskRow> Tasks => Set<TaskRow>();

    /// <summary>What is unfinished.</summary>
    public DbSet<OpenTaskRow> OpenTasks => Set<OpenTaskRow>();

    /// <summary>How tasks ended.</summary>
    public DbSet<OutcomeRow> Outcomes => Set<OutcomeRow>();

    /// <summary>Tags of tasks.</summary>
    public DbSet<TaskTagRow> TaskTags => Set<TaskTagRow>();

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
