using System.Diagnostics.CodeAnalysis;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// The worker's slots. Whoever waits stands in its queue's line, and the queues take turns: what waits for one queue never stands behind
/// another queue's backlog. Whose turn it is takes as many as it wants of what has come free by then. Who wants many is called when a handful
/// is free, or after a millisecond, so that under load slots are taken, and their tasks claimed, many at once.
/// </summary>
internal sealed class SlotPool : IDisposable
{
    // A handful is never so much of all slots that leaving it free for a moment would show.
    private const int HandfulsOfAll = 16;
    private const int LargestHandful = 32;

    private static readonly TimeSpan LongestGathering = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedList<Waiter>> _lines = new(StringComparer.Ordinal);
    private readonly Queue<string> _turns = new(); // the queues whose line is not empty
    private readonly int _all;
    private readonly int _handful;
    private readonly ITimer _gathering;
    private int _free;
    private bool _called; // somebody has been called and has not come yet
    private bool _gathers; // the timer runs

    /// <summary>All slots are free.</summary>
    public SlotPool(WorkerOptions options, TimeProvider time)
    {
        _free = _all = options.Concurrency;
        _handful = Math.Clamp(_all / HandfulsOfAll, 1, LargestHandful);
        _gathering = time.CreateTimer(static pool => ((SlotPool)pool!).EndGathering(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many are taken now.</summary>
    public int Taken => _all - Volatile.Read(ref _free);

    /// <summary>Waits in the queue's line for slots.</summary>
    /// <param name="queue">Which line.</param>
    /// <param name="wanted">How many at most; at least 1.</param>
    /// <param name="ahead">Stands in front of the others of its line: it had some before, and goes on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many were taken: at least one, or 0 if the token came first.</returns>
    public async ValueTask<int> TakeAsync(string queue, int wanted, bool ahead, CancellationToken cancellationToken)
    {
        if (TryTake(queue, wanted, ahead, out var taken, out var waiter))
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
            CallNext(gather: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gathering.Dispose();

    private bool TryTake(string queue, int wanted, bool ahead, out int taken, [NotNullWhen(false)] out Waiter? waiter)
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
                _lines.Add(queue, line = new LinkedList<Waiter>());
            if (line.Count == 0)
                _turns.Enqueue(queue);
            waiter = new Waiter(Math.Min(wanted, _handful));
            if (ahead)
                line.AddFirst(waiter);
            else
                line.AddLast(waiter);
            CallNext(gather: true);
            return false;
        }
    }

    private int Take(int wanted)
    {
        var taken = Math.Min(wanted, _free);
        _free -= taken;
        CallNext(gather: true);
        return taken;
    }

    /// <summary>Calls whose turn it is, if there are slots enough; who has given up meanwhile is passed over.</summary>
    private void CallNext(bool gather)
    {
        while (_free > 0 && !_called && _turns.TryPeek(out var queue))
        {
            var line = _lines[queue];
            var next = line.First!.Value;
            if (gather && _free < next.Enough && !next.Task.IsCompleted)
            {
                Gather();
                return;
            }

            _turns.Dequeue();
            line.RemoveFirst();
            _called = next.TrySetResult(true);
            if (line.Count > 0)
                _turns.Enqueue(queue);
            else
                _lines.Remove(queue);
        }
    }

    private void Gather()
    {
        if (_gathers)
            return;
        _gathers = true;
        _gathering.Change(LongestGathering, Timeout.InfiniteTimeSpan);
    }

    private void EndGathering()
    {
        lock (_lock)
        {
            _gathers = false;
            CallNext(gather: false);
        }
    }

    // True: come and take. False: the wait is over. What follows runs elsewhere, not under the lock.
    private sealed class Waiter(int enough) : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Enough { get; } = enough;
    }
}
