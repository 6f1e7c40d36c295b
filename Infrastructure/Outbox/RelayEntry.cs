using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Outbox;

/// <summary>An outbox row in the relay's memory. Its members belong to the relay's lock.</summary>
internal sealed class RelayEntry(OutboxBatch batch, Guid owner)
{
    /// <summary>What one task costs on the wire beside its input, roughly: id, names, timeout.</summary>
    private const int BytesPerTask = 160;

    /// <summary>The row.</summary>
    public Guid Id { get; } = batch.Id;

    /// <summary>The identity that stands in the row.</summary>
    public Guid Owner { get; } = owner;

    /// <summary>The task queue's own name.</summary>
    public string Queue { get; } = batch.Queue;

    /// <summary>All of its tasks.</summary>
    public IReadOnlyList<RunTask> Tasks { get; } = batch.Tasks;

    /// <summary>Whom an express copy of its only task was sent to; null: nobody, or it was given its time.</summary>
    public string? SentAheadTo { get; set; } = batch.SentAheadTo;

    /// <summary>What it weighs in memory.</summary>
    public long Bytes { get; } = batch.Tasks.Sum(static t => (long)Weigh(t));

    /// <summary>How many tasks were put into packs.</summary>
    public int Packed { get; set; }

    /// <summary>How many tasks the broker has not confirmed.</summary>
    public int Unconfirmed { get; set; } = batch.Tasks.Count;

    /// <summary>What a task weighs in a pack, in bytes.</summary>
    public static int Weigh(RunTask task) => task.Input.Length + BytesPerTask;
}
