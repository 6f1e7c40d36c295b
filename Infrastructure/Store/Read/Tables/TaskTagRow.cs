using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Messaging.Infrastructure.Store.Read.Tables;

/// <summary>A row of <c>task_tags</c>.</summary>
public sealed class TaskTagRow
{
    /// <summary>The task.</summary>
    public Guid TaskId { get; init; }

    /// <summary>One of its tags.</summary>
    public required string Tag { get; init; }
}

internal sealed class TaskTagRowMapping : IEntityTypeConfiguration<TaskTagRow>
{
    public void Configure(EntityTypeBuilder<TaskTagRow> builder) => builder.ToTable("task_tags").HasKey(t => new { t.Tag, t.TaskId });
}
