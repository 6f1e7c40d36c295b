using System.Diagnostics.CodeAnalysis;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// The worker's slots. Whoever waits stands in its queue's line, and the queues take turns: what waits for one queue never stands behind
/// another queue's backlog. Whose turn it is takes as many as it wants of what has come free by then, so that under load slots
/// are taken, and their tasks claimed, many at once.
/// </summary>
internal sealed class SlotPool(WorkerOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<Waiter>> _lines = new(StringComparer.Ordinal);
    private readonly Queue<string> _turns = new(); // the queues whose line is not empty
    private int _free = options.Concurrency;
    private bool _called; // somebody has been called and has not come yet

    /// <summary>How many are taken now.</summary>
    public int Taken => options.Concurrency - Volatile.Read(ref _free);

    /// <summary>Waits in the queue's line for slots.</summary>
    /// <param name="queue">Which line.</param>
    /// <param name="wanted">How many at most; at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many were taken: at least one, or 0 if the token came first.</returns>
    public async ValueTask<int> TakeAsync(string queue, int wanted, CancellationToken cancellationToken)
    {
        if (TryTake(queue, wanted, out var taken, out var waiter))
            return taken;
        await using (cancellationToken.UnsafeRegister(static w => ((Waiter)w!).TrySetResult(false), waiter))
        {
            if (!await waiter.Task)
                return 0;
        }

        lock (_lock)
        {
            _called = false;
            return Take(wanted);
        }
    }

    /// <summary>Takes a slot if one is free and nobody waits; gives up at once otherwise.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            if (_free == 0 || _turns.Count > 0 || _called)
                return false;
            Take(1);
            return true;
        }
    }

    /// <summary>Gives a slot back.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _free++;
            CallNext();
        }
    }

    private bool TryTake(string queue, int wanted, out int taken, [NotNullWhen(false)] out Waiter? waiter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wanted, 1);
        lock (_lock)
        {
            (taken, waiter) = (0, null);
            if (_free > 0 && _turns.Count == 0 && !_called)
            {
                taken = Take(wanted);
                return true;
            }

            if (!_lines.TryGetValue(queue, out var line))
                _lines.Add(queue, line = new Queue<Waiter>());
            if (line.Count == 0)
                _turns.Enqueue(queue);
            line.Enqueue(waiter = new Waiter());
            return false;
        }
    }

    private int Take(int wanted)
    {
        var taken = Math.Min(wanted, _free);
        _free -= taken;
        CallNext();
        return taken;
    }

    /// <summary>Calls whose turn it is, if there is a slot; who has given up meanwhile is passed over.</summary>
    private void CallNext()
    {
        while (_free > 0 && !_called && _turns.TryDequeue(out var queue))
        {
            var line = _lines[queue];
            _called = line.Dequeue().TrySetResult(true);
            if (line.Count > 0)
                _turns.Enqueue(queue);
            else
                _lines.Remove(queue);
        }
    }

    // True: come and take. False: the wait is over. What follows runs elsewhere, not under the lock.
    private sealed class Waiter() : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
}
