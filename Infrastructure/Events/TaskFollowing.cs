using Messaging.Infrastructure.Store.Events;

namespace Messaging.Infrastructure.Events;

/// <summary>
/// One reader of one task's events. It takes them at its own pace: nothing is read ahead for it, so it has no buffer that could overflow and
/// misses nothing however slow it is. For one reader at a time.
/// </summary>
public sealed class TaskFollowing : IDisposable
{
    private readonly TaskFollower _follower;

    internal TaskFollowing(TaskFollower follower, Guid taskId, EventPosition from) => (_follower, TaskId, Position) = (follower, taskId, from);

    /// <summary>The task.</summary>
    public Guid TaskId { get; }

    /// <summary>The last event that was taken, or where the reader began.</summary>
    public EventPosition Position { get; internal set; }

    // Owned by the follower's lock.

    /// <summary>Who waits for news; null while the reader is busy.</summary>
    internal TaskCompletionSource<TaskNews?>? Answer { get; set; }

    /// <summary>It stands in line for a reading of its history, or is being read: never twice at once, or the older snapshot might come last.</summary>
    internal bool InLine { get; set; }

    /// <summary>It may have changed since it was last read.</summary>
    internal bool Dirty { get; set; } = true;

    /// <summary>True once it has had an answer.</summary>
    internal bool WasAnswered { get; set; }

    /// <summary>What the last reading found; null before the first.</summary>
    internal TaskMark? Mark { get; set; }

    /// <summary>The timestamp of the last news.</summary>
    internal long LastNews { get; set; }

    /// <summary>The timestamp of the last look.</summary>
    internal long LastLook { get; set; }

    /// <summary>Waits for the next events, or the end; the first time only until the task was read, and then there may be none. Null: there is no such task, or not any more.</summary>
    /// <remarks>Trouble with the ledger is waited out.</remarks>
    public Task<TaskNews?> NextAsync(CancellationToken cancellationToken) => _follower.Ask(this).WaitAsync(cancellationToken);

    /// <summary>Follows no longer.</summary>
    public void Dispose() => _follower.Leave(this);
}
