using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Read;

namespace Messaging.Infrastructure.Store.Events;

/// <summary>A run of a task that has ended without ending the task, or that ended it otherwise than well.</summary>
internal sealed record PastRun(DateTimeOffset StartedAt, DateTimeOffset FinishedAt, int Attempt, string Outcome, string? Failure);

/// <summary>A stored report.</summary>
internal sealed record StoredProgress(long Seq, DateTimeOffset At, TaskProgress Progress);

/// <summary>What of a task tells a look whether anything has happened since the last one.</summary>
internal readonly record struct TaskMark(TaskState State, DateTimeOffset? ClaimedAt, DateTimeOffset? QueuedAt, DateTimeOffset? DueAt);

/// <summary>
/// One snapshot of what the ledger keeps of a task, and the events that follow from it. Nothing is written for them, so not every change can
/// be told afterwards: what ended an attempt, each stored report and how the task ended always can; a stay in a state that left no trace
/// (queued between two attempts, a run that was handed back) only while it lasts.
/// </summary>
/// <param name="task">The task as it is.</param>
/// <param name="askedRunAt">Not before when it was to run, as asked for at the submit.</param>
/// <param name="mark">Its open row; default for a task that has ended.</param>
/// <param name="runs">Past runs, oldest first; those that ended long before the position asked for may be missing.</param>
/// <param name="progress">Reports behind the position asked for, oldest first.</param>
/// <param name="cut">True if there are more reports.</param>
internal sealed class TaskHistory(
    TaskRecord task, DateTimeOffset? askedRunAt, TaskMark mark, IReadOnlyList<PastRun> runs, IReadOnlyList<StoredProgress> progress, bool cut)
{
    /// <summary>The task as it is.</summary>
    public TaskRecord Task => task;

    /// <summary>What to compare with at the next look.</summary>
    public TaskMark Mark => mark;

    /// <summary>
    /// What came after a position. If the last event of it, or the position itself, is of another state than the task is in, the present
    /// state is an event too: whatever the positions say, whoever reads on ends up with what the ledger has.
    /// </summary>
    /// <param name="position">The last event known; <see cref="EventPosition.Start"/>: none.</param>
    public TaskNews After(EventPosition position) => News(e => e.Position > position, position);

    /// <summary>What happened since a moment, for who knows nothing of the task.</summary>
    public TaskNews Since(DateTimeOffset moment) => News(e => e.At >= moment, null);

    private TaskNews News(Func<TaskEvent, bool> isNew, EventPosition? position)
    {
        var events = All().Where(isNew).OrderBy(e => e.Position).ToList();
        if (cut)
        {
            events.RemoveAll(e => e.Position.At > progress[^1].Seq);
            return new TaskNews(events, HasMore: true, IsOver: false);
        }

        if ((events.Count > 0 ? events[^1].Position : position) is { } last && last.State != task.State)
        {
            var present = Present();
            events.Add(present.Position > last ? present : present with { Position = new EventPosition(last.At + 1, (byte)task.State) });
        }

        return new TaskNews(events, HasMore: false, IsOver: task.State.IsFinal());
    }

    private List<TaskEvent> All()
    {
        var events = new List<TaskEvent>(progress.Count + 4) { Accepted() };
        AddRuns(events);
        events.AddRange(progress.Select(Of));
        if (task.State.IsFinal())
            events.Add(Present());
        else if (task.State == TaskState.Running)
            AddRunning(events);
        return events;
    }

    private TaskEvent Accepted()
    {
        var at = IdTime.Of(task.Id);
        var accepted = State(askedRunAt > at ? TaskState.Scheduled : TaskState.Queued, at, attempt: 0);
        return accepted with { Position = EventPosition.Of(accepted.Task.State, at - EventPosition.Ahead) };
    }

    private void AddRuns(List<TaskEvent> events)
    {
        for (var i = 0; i < runs.Count; i++)
        {
            var run = runs[i];
            events.Add(Running(run.StartedAt, run.Attempt));
            if (IsTheLast(run.StartedAt))
                continue; // what it led to is the task's end
            var after = After(run, i + 1 < runs.Count ? runs[i + 1].Attempt : NextAttempt);
            // A snooze or a lost worker spends no attempt.
            var spent = after == TaskState.Failed || run.Outcome is AttemptOutcomes.Failed or AttemptOutcomes.TimedOut ? run.Attempt : run.Attempt - 1;
            var ended = State(after, run.FinishedAt, spent, after == TaskState.Failed ? run.StartedAt : null);
            events.Add(after == TaskState.Failed
                ? ended with { Task = ended.Task with { FinishedAt = run.FinishedAt, Failure = TaskReader.ReadFailure(run.Failure) } }
                : ended);
        }

        if (task.FinishedAt is not null && task.StartedAt is { } started && !runs.Any(run => run.StartedAt == started))
            events.Add(Running(started, task.Attempt));
    }

    /// <summary>The number of the run behind the past ones: the one that runs, that ended the task, or that is still to come.</summary>
    private int NextAttempt => task.State == TaskState.Running || (task.FinishedAt is not null && task.StartedAt is not null) ? task.Attempt : task.Attempt + 1;

    /// <summary>The state that a run left its task in. A failure behind which attempts count from 1 again was final until a person retried it.</summary>
    private static TaskState After(PastRun run, int nextAttempt) => run.Outcome switch
    {
        AttemptOutcomes.WorkerLost => TaskState.Queued,
        AttemptOutcomes.Failed or AttemptOutcomes.TimedOut when nextAttempt <= run.Attempt => TaskState.Failed,
        _ => TaskState.Scheduled,
    };

    private void AddRunning(List<TaskEvent> events)
    {
        // The last stay in the queue is known as long as the run lasts that followed it.
        if (mark.QueuedAt is { } queued && queued < mark.ClaimedAt && events.MaxBy(e => e.Position) is { } before
            && before.Task.State == TaskState.Scheduled && EventPosition.Of(TaskState.Queued, queued) > before.Position)
            events.Add(State(TaskState.Queued, queued, task.Attempt - 1));
        events.Add(Present());
    }

    private bool IsTheLast(DateTimeOffset startedAt) => task.FinishedAt is not null && task.StartedAt == startedAt;

    /// <summary>The present state. Its time is not known of all: then it is that of the last stay in the queue.</summary>
    private TaskEvent Present() => task.State switch
    {
        TaskState.Running => Running(mark.ClaimedAt!.Value, task.Attempt, task.CancelRequested),
        _ when task.State.IsFinal() => new TaskEvent(EventPosition.Of(task.State, task.FinishedAt!.Value), task.FinishedAt.Value, task),
        _ => new TaskEvent(EventPosition.Of(task.State, mark.QueuedAt ?? IdTime.Of(task.Id)), mark.QueuedAt ?? IdTime.Of(task.Id), task),
    };

    private TaskEvent Of(StoredProgress report)
    {
        // Its run is the last one that started before; one that was handed back left no trace, and then it is only nearly that.
        var run = runs.LastOrDefault(r => EventPosition.ScaleOf(r.StartedAt) <= report.Seq);
        var isOfLast = task.StartedAt is { } last && EventPosition.ScaleOf(last) <= report.Seq && (run is null || last > run.StartedAt);
        var running = isOfLast || run is null
            ? Running(isOfLast ? task.StartedAt!.Value : DateTimeOffset.FromUnixTimeMilliseconds(report.Seq / 1000), Math.Max(task.Attempt, 1)).Task
            : Running(run.StartedAt, run.Attempt).Task;
        return new TaskEvent(new EventPosition(report.Seq, EventPosition.Progress), report.At, running with { Progress = report.Progress });
    }

    private TaskEvent Running(DateTimeOffset startedAt, int attempt, bool cancelRequested = false)
    {
        var running = State(TaskState.Running, startedAt, attempt, startedAt);
        return cancelRequested ? running with { Task = running.Task with { CancelRequested = true } } : running;
    }

    private TaskEvent State(TaskState state, DateTimeOffset at, int attempt, DateTimeOffset? startedAt = null) => new(
        EventPosition.Of(state, at),
        at,
        task with
        {
            State = state,
            Attempt = attempt,
            StartedAt = startedAt,
            RunAt = askedRunAt,
            FinishedAt = null,
            Result = null,
            Failure = null,
            Fingerprint = null,
            DiscardedAt = null,
            Progress = null,
            CancelRequested = false,
        });
}
