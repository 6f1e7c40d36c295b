using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Client;

/// <summary>A task that was awaited failed for good, or expired: it could not start before its deadline.</summary>
/// <param name="task">The task as it ended.</param>
public sealed class TaskFailedException(TaskResponse task) : Exception(Describe(task))
{
    /// <summary>The task as it ended: attempts, times, tags.</summary>
    public TaskResponse Task => task;

    /// <summary>Its id.</summary>
    public Guid TaskId => task.Id;

    /// <summary><see cref="TaskState.Failed"/> or <see cref="TaskState.Expired"/>.</summary>
    public TaskState State => task.State;

    /// <summary>Why: code, message, details with the handler's exception and stack.</summary>
    public TaskFailure Failure => FailureOf(task);

    private static string Describe(TaskResponse task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var failure = FailureOf(task);
        var attempts = task.Attempt == 1 ? "1 attempt" : $"{task.Attempt} attempts";
        return task.State == TaskState.Expired
            ? $"{task.Kind} {task.Id} expired: {failure.Message}"
            : $"{task.Kind} {task.Id} failed after {attempts} ({failure.Code}): {failure.Message}";
    }

    private static TaskFailure FailureOf(TaskResponse task) =>
        task.Failure ?? new TaskFailure(task.State == TaskState.Expired ? FailureCodes.DeadlinePassed : FailureCodes.HandlerError, "No reason was kept.", false);
}
