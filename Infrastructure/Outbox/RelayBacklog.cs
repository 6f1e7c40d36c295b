namespace Messaging.Infrastructure.Outbox;

/// <summary>
/// Everything that waits to be sent, in one lane per queue; lanes take turns pack by pack. How much of one lane may be on its way at
/// once depends on whether others have something too: the broker takes a connection's messages in their order, so theirs wait behind it.
/// Not thread-safe: it belongs to the relay's lock.
/// </summary>
internal sealed class RelayBacklog(RelayOptions options, Func<string, TimeSpan?> meanRun, TimeProvider time)
{
    // How long after a change of lanes the next one is expected.
    private static readonly TimeSpan SharedFor = TimeSpan.FromSeconds(1);

    // What a bound in packs means in tasks, whatever the size of packs is set to.
    private const int FullPack = 64;

    // With more on its way the relay is busy, and a second copy would cost others more than it gains.
    private const int MostBesideExpress = 3;

    // More tasks than this in so much time, 300 a second, and packs serve them better.
    private const int MostInWindow = 30;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, RelayLane> _lanes = new(StringComparer.Ordinal);
    private readonly List<RelayLane> _turns = [];
    private int _next;
    private RelayLane? _last;
    private long? _changedAt;
    private long _windowSince = time.GetTimestamp();
    private (int Now, int Before) _come;
    private int _ahead;

    /// <summary>Packs on their way to the broker, or waiting whether they must.</summary>
    public int InFlight { get; private set; }

    /// <summary>Adds a row's tasks.</summary>
    public void Add(RelayEntry entry)
    {
        if (!_lanes.TryGetValue(entry.Queue, out var lane))
        {
            _lanes.Add(entry.Queue, lane = new RelayLane(entry.Queue, options, meanRun));
            _turns.Add(lane);
        }

        lane.Add(entry);
        TurnWindow();
        _come.Now += entry.Tasks.Count;
    }

    /// <summary>The next pack to send, from the queue whose turn it is; null if there is none, or enough are on their way.</summary>
    public RelayPack? Take()
    {
        if (InFlight >= options.MaxPacksInFlight)
            return null;
        var shared = _changedAt is { } changed && time.GetElapsedTime(changed) < SharedFor;
        for (var looked = 0; looked < _turns.Count; looked++)
        {
            _next = (_next + 1) % _turns.Count;
            var lane = _turns[_next];
            if (IsBusy(lane, shared) || !lane.Trouble.MaySend(lane.InFlight) || lane.Take(lane.InFlight == 0 || InFlight < options.EagerPacks) is not { } pack)
                continue;
            InFlight++;
            if (pack.Ahead is not null)
                _ahead++;
            lane.InFlight++;
            lane.TasksInFlight += pack.Tasks.Count;
            Note(lane);
            return pack;
        }

        return null;
    }

    /// <summary>True while a single task may go ahead by express: little is under way, and few have come of late.</summary>
    public bool IsQuiet()
    {
        TurnWindow();
        return options.Express && InFlight - _ahead < MostBesideExpress && _come.Now < MostInWindow && _come.Before <= MostInWindow;
    }

    /// <summary>The pack of a single task that has just come, if it may go at once and nothing else waits; null otherwise.</summary>
    public RelayPack? TakeSingle(IReadOnlyList<RelayEntry> come) =>
        come is [{ Tasks.Count: 1 }] && IsQuiet() && _lanes.Values.All(lane => lane.IsEmpty || lane.Queue == come[0].Queue) ? Take() : null;

    /// <summary>The task of a pack has started by its express copy: nothing else of it is sent.</summary>
    public void Taken(RelayPack pack)
    {
        _ahead--;
        Landed(pack);
        Forget(pack.Lane);
    }

    /// <summary>The express copy was not enough: the pack goes its way.</summary>
    public void NotTaken(RelayPack pack)
    {
        _ahead--;
        pack.Ahead!.SentAheadTo = null;
    }

    /// <summary>A pack got through.</summary>
    /// <returns>How many sends to its queue had failed before.</returns>
    public int Sent(RelayPack pack)
    {
        Landed(pack);
        var failures = pack.Lane.Trouble.Succeeded();
        Forget(pack.Lane);
        return failures;
    }

    /// <summary>A pack did not get through; it goes again.</summary>
    /// <returns>The pause until its queue tries again, or null if that is settled.</returns>
    public TimeSpan? Failed(RelayPack pack)
    {
        Landed(pack);
        pack.Lane.Return(pack);
        return pack.Lane.Trouble.Failed();
    }

    /// <summary>Packs that are not full may be many while nobody else wants to send: what is in them counts then.</summary>
    private bool IsBusy(RelayLane lane, bool shared) =>
        lane.TasksInFlight >= options.MaxPacksPerQueue * FullPack || (shared && lane.InFlight >= options.MaxPacksPerQueue);

    private void TurnWindow()
    {
        var elapsed = time.GetElapsedTime(_windowSince);
        if (elapsed < Window)
            return;
        _come = (0, elapsed < 2 * Window ? _come.Now : 0);
        _windowSince = time.GetTimestamp();
    }

    private void Note(RelayLane lane)
    {
        if (_last is not null && _last != lane)
            _changedAt = time.GetTimestamp();
        _last = lane;
    }

    private void Landed(RelayPack pack)
    {
        InFlight--;
        pack.Lane.InFlight--;
        pack.Lane.TasksInFlight -= pack.Tasks.Count;
    }

    /// <summary>Queue names come and go; an idle lane costs a look at every turn.</summary>
    private void Forget(RelayLane lane)
    {
        if (_lanes.Count < 100 || lane.InFlight > 0 || !lane.IsEmpty)
            return;
        _lanes.Remove(lane.Queue);
        _turns.Remove(lane);
    }
}
