using System.Collections.Frozen;
using Messaging.Contracts.Tasks;

namespace Messaging.Infrastructure.Store;

/// <summary>The only table of legal moves. Each is one compare-and-set on the task's open row, or, out of <see cref="TaskState.Failed"/>, on its outcome; the statement that makes it is named beside it.</summary>
public static class TaskTransitions
{
    /// <summary>From a state to the states that may follow it.</summary>
    public static FrozenDictionary<TaskState, TaskState[]> Legal { get; } = new Dictionary<TaskState, TaskState[]>
    {
        [TaskState.Scheduled] =
        [
            TaskState.Queued,    // PromoteSql: due
            TaskState.Cancelled, // CancelSql
            TaskState.Expired,   // ExpireSql.Sweep
        ],
        [TaskState.Waiting] =
        [
            TaskState.Queued,    // what it waited for has come
            TaskState.Cancelled, // CancelSql, or what it waited for failed
            TaskState.Expired,   // ExpireSql.Sweep
        ],
        [TaskState.Queued] =
        [
            TaskState.Running,   // ClaimSql.Claim
            TaskState.Scheduled, // SuspectSql.Postpone: its worker died, and others are tried first
            TaskState.Cancelled, // CancelSql
            TaskState.Expired,   // ExpireSql.Sweep; ExpireSql.Refused: found so by a claim
        ],
        [TaskState.Running] =
        [
            TaskState.Succeeded, // FinishSql.Succeed
            TaskState.Failed,    // FinishSql.End; RescueSql.DeadLetter: it kills its workers
            TaskState.Cancelled, // FinishSql.End after a cancel request or by the handler; RescueSql if its worker died meanwhile
            TaskState.Scheduled, // FinishSql.Retry: the next attempt, or a snooze; FinishSql.HandBack with a delay
            TaskState.Queued,    // FinishSql.HandBack; RescueSql: its worker died
        ],
        [TaskState.Failed] = [TaskState.Queued], // DeadLetterSql.Retry: by a person, on the outcomes row
        [TaskState.Succeeded] = [],
        [TaskState.Cancelled] = [],
        [TaskState.Expired] = [],
    }.ToFrozenDictionary();

    /// <summary>True if a task may go from <paramref name="from"/> to <paramref name="to"/>.</summary>
    public static bool IsLegal(TaskState from, TaskState to) => Legal[from].Contains(to);
}
