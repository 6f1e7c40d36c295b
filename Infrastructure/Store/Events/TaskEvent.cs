using Messaging.Infrastructure.Store.Read;

namespace Messaging.Infrastructure.Store.Events;

/// <summary>Something that happened to a task: a change of its state, or a report of progress.</summary>
/// <param name="Position">Where it stands among the task's events.</param>
/// <param name="At">When, by the ledger's clock.</param>
/// <param name="Task">The task as it was then, without its input; with its result only where that was asked for.</param>
public sealed record TaskEvent(EventPosition Position, DateTimeOffset At, TaskRecord Task)
{
    /// <summary><c>task.progress</c>, or <c>task.</c> and the state.</summary>
    public string Name => Position.Rank == EventPosition.Progress ? "task.progress" : NameOf[(int)Task.State];

    private static readonly string[] NameOf =
        [.. Enum.GetValues<Contracts.Tasks.TaskState>().Select(state => $"task.{state.ToString().ToLowerInvariant()}")];
}

/// <summary>What is new of a task.</summary>
/// <param name="Events">In order; may be empty.</param>
/// <param name="HasMore">True if more is there already: ask again.</param>
/// <param name="IsOver">True if nothing can follow, unless a person retries a failed task.</param>
public sealed record TaskNews(IReadOnlyList<TaskEvent> Events, bool HasMore, bool IsOver);
