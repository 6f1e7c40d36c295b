using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Messaging.Infrastructure.Store.Read.Tables;

/// <summary>A row of <c>workers</c>: one process instance.</summary>
public sealed class WorkerRow
{
    /// <summary>Primary key; new at each start.</summary>
    public Guid Id { get; init; }

    /// <summary><c>producer</c> or <c>consumer</c>.</summary>
    public required string Role { get; init; }

    /// <summary>The machine.</summary>
    public required string Host { get; init; }

    /// <summary>The process on it.</summary>
    public int Pid { get; init; }

    /// <summary>Of the program.</summary>
    public required string Version { get; init; }

    /// <summary>What it listens on.</summary>
    public required string[] Queues { get; init; }

    /// <summary>What it can run.</summary>
    public required string[] Kinds { get; init; }

    /// <summary>How many tasks it may run at once.</summary>
    public int Slots { get; init; }

    /// <summary>How many it ran at its last heartbeat.</summary>
    public int Running { get; init; }

    /// <summary>True once it takes no more.</summary>
    public bool Draining { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When its last heartbeat was written, by the ledger's clock.</summary>
    public DateTimeOffset BeatAt { get; init; }
}

internal sealed class WorkerRowMapping : IEntityTypeConfiguration<WorkerRow>
{
    public void Configure(EntityTypeBuilder<WorkerRow> builder) => builder.ToTable("workers").HasKey(w => w.Id);
}
