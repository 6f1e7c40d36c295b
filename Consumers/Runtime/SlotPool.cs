namespace Messaging.Consumers.Runtime;

/// <summary>
/// The worker's slots. A task takes one before it is claimed, so that no more is claimed than can start, and keeps it until its handler
/// has really ended.
/// </summary>
internal sealed class SlotPool(WorkerOptions options) : IDisposable
{
    private readonly SemaphoreSlim _free = new(options.Concurrency);

    /// <summary>How many are taken now.</summary>
    public int Taken => options.Concurrency - _free.CurrentCount;

    /// <summary>Takes a slot if one is free.</summary>
    public bool TryTake() => _free.Wait(0, CancellationToken.None);

    /// <summary>Waits in line for a slot; false if the token came first.</summary>
    public async ValueTask<bool> TakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _free.WaitAsync(cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Gives a slot back.</summary>
    public void Release() => _free.Release();

    public void Dispose() => _free.Dispose();
}
