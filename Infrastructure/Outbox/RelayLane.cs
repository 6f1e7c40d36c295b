using Messaging.Contracts.Messages;

namespace Messaging.Infrastructure.Outbox;

/// <summary>
/// What waits for one queue, and how it becomes packs: tasks of short kinds together, each other one alone. Not thread-safe: it
/// belongs to the relay's lock.
/// </summary>
/// <param name="queue">The task queue's own name.</param>
/// <param name="options">The bounds of a pack.</param>
/// <param name="meanRun">How long a kind runs on average; null if nobody has measured.</param>
internal sealed class RelayLane(string queue, RelayOptions options, Func<string, TimeSpan?> meanRun)
{
    private readonly Queue<RelayEntry> _waiting = new();
    private readonly Queue<(RelayEntry Entry, RunTask Task)> _alone = new();
    private readonly Queue<RelayPack> _returned = new();
    private RelayPack? _open;
    private bool _openIsFull;
    private bool _aloneIsNext;
    private (string? Kind, TimeSpan? Run) _last;

    /// <summary>The task queue's own name.</summary>
    public string Queue { get; } = queue;

    /// <summary>How its sends have gone of late.</summary>
    public SendTrouble Trouble { get; } = new();

    /// <summary>Packs on their way.</summary>
    public int InFlight { get; set; }

    /// <summary>The tasks in them.</summary>
    public int TasksInFlight { get; set; }

    /// <summary>True if nothing waits.</summary>
    public bool IsEmpty => _waiting.Count == 0 && _alone.Count == 0 && _returned.Count == 0 && _open is null;

    /// <summary>Adds a row's tasks.</summary>
    public void Add(RelayEntry entry) => _waiting.Enqueue(entry);

    /// <summary>Takes back a pack that could not be sent; it goes first, as it is.</summary>
    public void Return(RelayPack pack) => _returned.Enqueue(pack);

    /// <summary>The next pack to send, or null.</summary>
    /// <param name="eager">True: a pack that is not full goes too.</param>
    public RelayPack? Take(bool eager)
    {
        if (_returned.TryDequeue(out var returned))
            return returned;
        _last = default;
        Fill();
        var packReady = _open is not null && (_openIsFull || eager);
        if (_alone.Count > 0 && (_aloneIsNext || !packReady))
        {
            _aloneIsNext = false;
            return TakeAlone();
        }

        if (!packReady)
            return null;
        _aloneIsNext = true;
        (var pack, _open, _openIsFull) = (_open, null, false);
        return pack;
    }

    /// <summary>Fills the open pack. What must go alone is set aside, and looked at again later: its kind may have been measured by then.</summary>
    private void Fill()
    {
        while (!_openIsFull && _alone.TryPeek(out var alone) && IsShort(alone.Task, out var run))
        {
            if (AddToOpen(alone.Entry, alone.Task, run))
                _alone.Dequeue();
        }

        while (!_openIsFull && _waiting.TryPeek(out var entry))
        {
            var task = entry.Tasks[entry.Packed];
            if (!IsShort(task, out var run))
                _alone.Enqueue((entry, task));
            else if (!AddToOpen(entry, task, run))
                return;
            if (++entry.Packed == entry.Tasks.Count)
                _waiting.Dequeue();
        }
    }

    private bool AddToOpen(RelayEntry entry, RunTask task, TimeSpan run)
    {
        var pack = _open ??= new RelayPack(this, Math.Min(options.PackSize, entry.Tasks.Count));
        if (pack.Tasks.Count > 0 && (pack.Bytes + RelayEntry.Weigh(task) > options.PackBytes || pack.Work + run > options.PackWork))
        {
            _openIsFull = true;
            return false;
        }

        pack.Add(entry, task, run);
        _openIsFull = pack.Tasks.Count >= options.PackSize;
        return true;
    }

    private RelayPack TakeAlone()
    {
        var (entry, task) = _alone.Dequeue();
        var pack = new RelayPack(this, 1);
        pack.Add(entry, task, TimeSpan.Zero);
        return pack;
    }

    private bool IsShort(RunTask task, out TimeSpan run)
    {
        if (task.Losses > 0)
        {
            run = default;
            return false; // whoever may kill its worker shares no pack
        }

        // One look-up serves the run of equal kinds that a backlog mostly is.
        if (!ReferenceEquals(_last.Kind, task.Kind))
            _last = (task.Kind, meanRun(task.Kind));
        run = _last.Run.GetValueOrDefault();
        return _last.Run is { } known && known < options.ShortRun;
    }
}
