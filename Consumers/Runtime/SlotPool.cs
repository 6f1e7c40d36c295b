using System.Diagnostics.CodeAnalysis;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// The worker's slots. Whoever waits stands in its queue's line, and the lines take turns: what waits for one queue never stands behind
/// another queue's backlog, and what wants a single slot never behind the packs of its own. Whose turn it is takes as many as it wants of what
/// has come free by then. Who wants many is called when a handful is free, or after a millisecond, so that under load slots are taken, and
/// their tasks claimed, many at once.
/// </summary>
internal sealed class SlotPool : IDisposable
{
    // A handful is never so much of all slots that leaving it free for a moment would show.
    private const int HandfulsOfAll = 16;
    private const int LargestHandful = 32;

    private static readonly TimeSpan LongestGathering = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Queue, bool Single), LinkedList<Waiter>> _lines = [];
    private readonly Queue<(string Queue, bool Single)> _turns = new(); // each line once
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
    /// <param name="ahead">Stands in front of those of its line that have none yet: it had some before, and goes on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many were taken: at least one, or 0 if the token came first.</returns>
    public async ValueTask<int> TakeAsync(string queue, int wanted, bool ahead, CancellationToken cancellationToken)
    {
        if (TryTake(queue, wanted, ahead, out var taken, out var waiter))
            return taken;
        await using (cancellationToken.UnsafeRegister(static w => ((Waiter)w!).TrySetResult(false), waiter))
        {
            if (!await waiter.Task)
            {
                Leave(waiter);
                return 0;
            }
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

            waiter = new Waiter(Math.Min(wanted, _handful), ahead);
            Queue((queue, wanted == 1), waiter);
            CallNext(gather: true);
            return false;
        }
    }

    private void Queue((string Queue, bool Single) which, Waiter waiter)
    {
        if (!_lines.TryGetValue(which, out var line))
        {
            _lines.Add(which, line = new LinkedList<Waiter>());
            _turns.Enqueue(which);
        }

        if (!waiter.Ahead)
        {
            line.AddLast(waiter.Place);
            return;
        }

        var place = line.First;
        while (place is { Value.Ahead: true })
            place = place.Next;
        if (place is null)
            line.AddLast(waiter.Place);
        else
            line.AddBefore(place, waiter.Place);
    }

    private void Leave(Waiter waiter)
    {
        lock (_lock)
        {
            waiter.Place.List?.Remove(waiter.Place);
            CallNext(gather: true);
        }
    }

    private int Take(int wanted)
    {
        var taken = Math.Min(wanted, _free);
        _free -= taken;
        CallNext(gather: true);
        return taken;
    }

    /// <summary>Calls whose turn it is, if there are slots enough; who has given up meanwhile costs its line no turn.</summary>
    private void CallNext(bool gather)
    {
        while (_free > 0 && !_called && _turns.TryPeek(out var which))
        {
            var line = _lines[which];
            if (line.First is not { Value: var next })
            {
                _lines.Remove(_turns.Dequeue());
                continue;
            }

            if (gather && _free < next.Enough && !next.Task.IsCompleted)
            {
                Gather();
                return;
            }

            line.RemoveFirst();
            if (!next.TrySetResult(true))
                continue;
            _called = true;
            _turns.Enqueue(_turns.Dequeue());
            StopGathering();
        }
    }

    private void Gather()
    {
        if (_gathers)
            return;
        _gathers = true;
        _gathering.Change(LongestGathering, Timeout.InfiniteTimeSpan);
    }

    // Whoever comes next has a millisecond of his own.
    private void StopGathering()
    {
        if (!_gathers)
            return;
        _gathers = false;
        _gathering.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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
    private sealed class Waiter : TaskCompletionSource<bool>
    {
        public Waiter(int enough, bool ahead)
            : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            (Enough, Ahead) = (enough, ahead);
            Place = new LinkedListNode<Waiter>(this);
        }

        public int Enough { get; }

        public bool Ahead { get; }

        public LinkedListNode<Waiter> Place { get; }
    }
}
