using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Read;
using Messaging.Producer.Access;

namespace Messaging.Producer.Http;

/// <summary>Long polls: holds a request back until its task has ended.</summary>
internal sealed class TaskWaits(TaskReader tasks, TaskWatcher watcher, LastingRequests requests, IHostApplicationLifetime lifetime)
{
    /// <summary>
    /// Reads a task, after waiting for its end if it is not there yet; null if there is no such task. Not read any more once the key of the request
    /// works no more: then <c>LetIn</c> is false.
    /// </summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger can't be reached.</exception>
    public async Task<(TaskRecord? Task, bool LetIn)> FindAsync(HttpContext http, Guid id, TimeSpan wait)
    {
        var task = await tasks.FindAsync(id, http.RequestAborted);
        if (task is null || task.State.IsFinal() || wait <= TimeSpan.Zero)
            return (task, true);
        return await ForEndAsync(http, id, wait) ? (await tasks.FindAsync(id, http.RequestAborted), true) : (task, false);
    }

    /// <summary>Waits for the end of a task; no longer once this process is stopping, or the key of the request works no more: then false.</summary>
    public async Task<bool> ForEndAsync(HttpContext http, Guid id, TimeSpan wait)
    {
        using var request = requests.Begin(http.Key());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping, request.KeyEnded);
        try
        {
            await watcher.WaitForEndAsync(id, wait, either.Token);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            // Stopping: the client gets the task as it is. Or its key has ended.
        }

        return !request.KeyEnded.IsCancellationRequested;
    }
}
