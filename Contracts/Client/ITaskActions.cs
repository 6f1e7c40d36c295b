using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client;

/// <summary>What a <see cref="TaskHandle{TResult}"/> does its work with; for those who write an <see cref="ITaskClient"/> of their own.</summary>
public interface ITaskActions
{
    /// <summary>The task as it is now.</summary>
    Task<TaskResponse> GetAsync(Guid taskId, CancellationToken cancellationToken);

    /// <summary>The task once it has ended, with its result.</summary>
    Task<TaskResponse> WaitAsync(Guid taskId, CancellationToken cancellationToken);

    /// <summary>What happens to the task, from its acceptance to its end.</summary>
    IAsyncEnumerable<TaskEvent> WatchAsync(Guid taskId, CancellationToken cancellationToken);

    /// <summary>Why the task is where it is.</summary>
    Task<ExplainResponse> ExplainAsync(Guid taskId, CancellationToken cancellationToken);

    /// <summary>Calls the task off. False: it had ended otherwise.</summary>
    Task<bool> CancelAsync(Guid taskId, string? reason, CancellationToken cancellationToken);
}
