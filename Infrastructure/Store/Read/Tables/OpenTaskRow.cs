using Messaging.Contracts.Tasks;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Messaging.Infrastructure.Store.Read.Tables;

/// <summary>A row of <c>open_tasks</c>, as far as lists search in it.</summary>
public sealed class OpenTaskRow
{
    /// <summary>Primary key.</summary>
    public Guid Id { get; init; }

    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>One of the states that are not final.</summary>
    public TaskState State { get; init; }
}

internal sealed class OpenTaskRowMapping : IEntityTypeConfiguration<OpenTaskRow>
{
    public void Configure(EntityTypeBuilder<OpenTaskRow> builder) => builder.ToTable("open_tasks").HasKey(t => t.Id);
}
