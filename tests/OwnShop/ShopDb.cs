using Messaging.Contracts.Kinds;
using Microsoft.EntityFrameworkCore;

namespace OwnShop;

/// <summary>The kind as this service knows it: name and shape are all that it shares with the worker.</summary>
[TaskKind("text.count-words")]
public sealed record CountWords(string Text, IReadOnlyList<string>? Except = null) : ITaskInput<WordCount>;

public sealed record WordCount(int Words, string Longest);

/// <summary>A text, and the task that counts its words.</summary>
public sealed class Text
{
    public required string Content { get; init; }

    public required Guid Task { get; init; }
}

/// <summary>The service's own tables, in the database of the ledger.</summary>
public sealed class ShopDb(string connectionString) : DbContext
{
    public DbSet<Text> Texts => Set<Text>();

    protected override void OnConfiguring(DbContextOptionsBuilder options) => options.UseNpgsql(connectionString);

    protected override void OnModelCreating(ModelBuilder model)
    {
        var text = model.Entity<Text>();
        text.ToTable("texts").HasKey(t => t.Content);
        text.Property(t => t.Content).HasColumnName("content");
        text.Property(t => t.Task).HasColumnName("task");
    }
}
