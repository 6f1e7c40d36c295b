using Messaging.Contracts.Http;

namespace Messaging.Contracts.Client.Http;

/// <summary>A task whose end is waited for, by one caller or several.</summary>
internal sealed class ResultWait(Guid id, CancellationToken clientStops)
{
    // Not disposed: it has no timer, and requests under way may still look at its token.
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(clientStops);
    private readonly TaskCompletionSource<TaskResponse> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The task.</summary>
    public Guid Id => id;

    /// <summary>How many wait; owned by the lock of <see cref="ResultWaits"/>.</summary>
    public int Waiters { get; set; }

    /// <summary>Since when it shares its requests with others, a timestamp.</summary>
    public long SharesSince { get; set; }

    /// <summary>When it is to be looked at next, a timestamp.</summary>
    public long LookAt { get; set; }

    /// <summary>Cancelled when nobody waits any more.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>The task once it has ended.</summary>
    public Task<TaskResponse> End => _end.Task;

    /// <summary>True if nothing more is to be done for it.</summary>
    public bool IsOver => _end.Task.IsCompleted || _stop.IsCancellationRequested;

    /// <summary>It has ended.</summary>
    public void Ended(TaskResponse task) => _end.TrySetResult(task);

    /// <summary>Its end can't be learnt.</summary>
    public void Fail(Exception reason)
    {
        if (_end.TrySetException(reason))
            _ = _end.Task.Exception; // perhaps nobody waits for it any more
    }

    /// <summary>Nobody waits any more.</summary>
    public void Abandon() => _stop.Cancel();
}
