using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Messaging.Infrastructure.Store.Read.Tables;

/// <summary>A row of <c>tasks</c>, as far as lists search in it.</summary>
public sealed class TaskRow
{
    /// <summary>Primary key.</summary>
    public Guid Id { get; init; }

    /// <summary>The kind.</summary>
    public required string Kind { get; init; }

    /// <summary>The queue.</summary>
    public required string Queue { get; init; }
}

internal sealed class TaskRowMapping : IEntityTypeConfiguration<TaskRow>
{
    public void Configure(EntityTypeBuilder<TaskRow> builder) => builder.ToTable("tasks").HasKey(t => t.Id);
}
