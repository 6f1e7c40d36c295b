using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Read;

namespace Messaging.Producer.Http;

/// <summary>Long polls: holds a request back until its task has ended.</summary>
internal sealed class TaskWaits(TaskReader tasks, TaskWatcher watcher, IHostApplicationLifetime lifetime)
{
    /// <summary>Reads a task, after waiting for its end if it is not there yet; null if there is no such task.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger can't be reached.</exception>
    public async Task<TaskRecord?> FindAsync(Guid id, TimeSpan wait, CancellationToken cancellationToken)
    {
        var task = await tasks.FindAsync(id, cancellationToken);
        if (task is null || task.State.IsFinal() || wait <= TimeSpan.Zero)
            return task;
        await ForEndAsync(id, wait, cancellationToken);
        return await tasks.FindAsync(id, cancellationToken);
    }

    /// <summary>Waits for the end of a task; no longer once this process is stopping.</summary>
    public async Task ForEndAsync(Guid id, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        try
        {
            await watcher.WaitForEndAsync(id, wait, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Stopping: the client gets the task as it is.
        }
    }
}
