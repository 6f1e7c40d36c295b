using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client;

/// <summary>
/// A task that was awaited was cancelled, by a person or by its own handler. An <see cref="OperationCanceledException"/>, as a cancelled task of
/// this process would throw; its token is none, so that it is told apart from the caller's own.
/// </summary>
/// <remarks>
/// Not named after the state <c>cancelled</c>: beside <see cref="System.Threading.Tasks.TaskCanceledException"/>, which is in every file's usings and has
/// one letter less, nobody would see which of the two a <c>catch</c> means.
/// </remarks>
/// <param name="task">The task as it ended.</param>
public sealed class TaskCalledOffException(TaskResponse task) : OperationCanceledException(Describe(task))
{
    /// <summary>The task as it ended.</summary>
    public TaskResponse Task => task;

    /// <summary>Its id.</summary>
    public Guid TaskId => task.Id;

    private static string Describe(TaskResponse task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.Failure is { } why ? $"{task.Kind} {task.Id} was cancelled: {why.Message}" : $"{task.Kind} {task.Id} was cancelled.";
    }
}
