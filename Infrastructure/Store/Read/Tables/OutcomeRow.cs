using Messaging.Contracts.Tasks;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Messaging.Infrastructure.Store.Read.Tables;

/// <summary>A row of <c>outcomes</c>, as far as lists search in it.</summary>
public sealed class OutcomeRow
{
    /// <summary>Primary key.</summary>
    public Guid TaskId { get; init; }

    /// <summary>One of the final states; all but succeeded are indexed.</summary>
    public TaskState State { get; init; }
}

internal sealed class OutcomeRowMapping : IEntityTypeConfiguration<OutcomeRow>
{
    public void Configure(EntityTypeBuilder<OutcomeRow> builder) => builder.ToTable("outcomes").HasKey(o => o.TaskId);
}
