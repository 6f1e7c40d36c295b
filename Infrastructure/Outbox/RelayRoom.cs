namespace Messaging.Infrastructure.Outbox;

/// <summary>
/// The relay's memory, and who may have how much of it. A queue may hold three times what is free: one flooded queue gets three quarters
/// of the room, two get three sevenths each, and there is always room for a queue that has nothing yet. What has been left in the outbox may not
/// wait for ever behind a flood of new tasks, so while a sweeper waits for room, queues that hold much get none.
/// Not thread-safe: it belongs to the relay's lock.
/// </summary>
internal sealed class RelayRoom(RelayOptions options)
{
    private const int TimesFree = 3;

    // Sweeps stop before the room is full: what they bring may all be one queue's.
    private const double ShareOfSweeps = 0.85;

    // A queue that holds less is not what the sweeper waits for.
    private const double LittleShare = 0.02;

    private readonly Dictionary<string, Share> _shares = new(StringComparer.Ordinal);
    private bool _sweeperWaits;

    /// <summary>How many tasks it holds or has promised room for.</summary>
    public int Tasks { get; private set; }

    private long Bytes { get; set; }

    /// <summary>Takes room for tasks of one queue; false if the queue has its share.</summary>
    public bool TryTake(string queue, int tasks)
    {
        _shares.TryGetValue(queue, out var share);
        var would = share.Tasks + tasks;
        if (would > TimesFree * (options.Capacity - Tasks - tasks) || share.Bytes > TimesFree * (options.CapacityBytes - Bytes))
            return false;
        if (_sweeperWaits && would > options.Capacity * LittleShare)
            return false;
        Add(queue, tasks, 0);
        return true;
    }

    /// <summary>Takes room for tasks of queues that will be known later; false if too little is left.</summary>
    public bool TryTakeForAny(int tasks)
    {
        if (Tasks + tasks > options.Capacity * ShareOfSweeps || Bytes > options.CapacityBytes * ShareOfSweeps)
            return false;
        Tasks += tasks;
        return true;
    }

    /// <summary>As <see cref="TryTakeForAny"/>, and until that succeeds, queues that hold much get nothing more.</summary>
    public bool TryTakeForSweep(int tasks)
    {
        var taken = TryTakeForAny(tasks);
        _sweeperWaits = !taken;
        return taken;
    }

    /// <summary>Gives back what <see cref="TryTakeForAny"/> took.</summary>
    public void Return(int tasks) => Tasks -= tasks;

    /// <summary>Gives back what <see cref="TryTake"/> took.</summary>
    public void Return(string queue, int tasks) => Add(queue, -tasks, 0);

    /// <summary>Something has come in; its room is counted whether or not it was promised.</summary>
    public void Enter(RelayEntry entry) => Add(entry.Queue, entry.Tasks.Count, entry.Bytes);

    /// <summary>Something has left.</summary>
    public void Leave(RelayEntry entry) => Add(entry.Queue, -entry.Tasks.Count, -entry.Bytes);

    private void Add(string queue, int tasks, long bytes)
    {
        Tasks += tasks;
        Bytes += bytes;
        _shares.TryGetValue(queue, out var share);
        share = new Share(share.Tasks + tasks, share.Bytes + bytes);
        if (share.Tasks == 0)
            _shares.Remove(queue);
        else
            _shares[queue] = share;
    }

    private readonly record struct Share(int Tasks, long Bytes);
}
