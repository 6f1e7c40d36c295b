using Messaging.Contracts.Handlers;

namespace Messaging.Consumers.Kinds.Callbacks;

/// <summary>
/// Lets only so many requests through to one receiver (host and port) at a time. Who finds them all taken waits if that will not be for long, and
/// otherwise gives its slot back and comes again: what is slow has few of the worker's slots, and the others never wait for it.
/// </summary>
/// <param name="perReceiver">How many requests one receiver gets at once.</param>
/// <param name="slots">How many callbacks this worker sends at once, to all of them.</param>
/// <param name="time">The clock.</param>
internal sealed class ReceiverPlaces(int perReceiver, int slots, TimeProvider time)
{
    /// <summary>No callback holds its slot for longer only to wait for a place.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>The soonest that a callback comes again.</summary>
    public static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    /// <summary>The latest that a callback comes again.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private const int MostRemembered = 10_000;

    // Of a duration just measured, in the mean.
    private const double Weight = 0.2;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Receiver> _receivers = new(StringComparer.OrdinalIgnoreCase);
    private int _taken;

    /// <summary>Takes a place; disposing it gives it back.</summary>
    /// <param name="receiver">Host and port.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SnoozeException">All are taken and none will be free soon: the callback comes again later.</exception>
    public async ValueTask<Place> EnterAsync(string receiver, CancellationToken cancellationToken)
    {
        TaskCompletionSource place;
        Receiver of;
        lock (_lock)
        {
            if (!_receivers.TryGetValue(receiver, out of!))
                _receivers.Add(receiver, of = Remember());
            if (TryTake(of))
                return new Place(this, receiver, of, time.GetTimestamp());
            if (WaitOf(of) is var wait && wait > LongestWait)
                throw Later(of, wait);
            of.Waiting.AddLast(place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        try
        {
            await place.Task.WaitAsync(LongestWait, time, cancellationToken);
            return new Place(this, receiver, of, time.GetTimestamp());
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                // Called in the same moment: the place is taken and must be given back.
                if (!of.Waiting.Remove(place))
                    Leave(receiver, of);
                if (e is TimeoutException)
                    throw Later(of, WaitOf(of));
            }

            throw;
        }
    }

    /// <summary>A receiver that nothing is known of. Of very many only those are kept that have something under way.</summary>
    private Receiver Remember()
    {
        if (_receivers.Count >= MostRemembered)
        {
            foreach (var (idle, _) in _receivers.Where(r => r.Value is { Taken: 0, Waiting.Count: 0 }).ToArray())
                _receivers.Remove(idle);
        }

        return new Receiver();
    }

    private void Leave(string receiver, Receiver of, long? since = null)
    {
        lock (_lock)
        {
            if (since is { } began)
            {
                of.Begun.Remove(began);
                of.Mean += (time.GetElapsedTime(began) - of.Mean) * Weight;
            }

            of.Taken--;
            _taken--;
            if (of.Waiting.First is { } next && TryTake(of))
            {
                of.Waiting.RemoveFirst();
                next.Value.TrySetResult();
            }
            else if (of.Taken == 0 && of.Waiting.Count == 0 && of.Mean < LongestWait)
            {
                _receivers.Remove(receiver); // nothing worth remembering
            }
        }
    }

    /// <summary>A receiver has a place for as long as half of the slots that are left would do for others like it.</summary>
    private bool TryTake(Receiver of)
    {
        if (of.Taken >= Math.Clamp((slots - _taken) / 2, 1, perReceiver))
            return false;
        of.Taken++;
        _taken++;
        return true;
    }

    /// <summary>How long one more would wait. A request that has run for long says more than the mean of those that have ended.</summary>
    private TimeSpan WaitOf(Receiver of)
    {
        var oldest = of.Begun.Count == 0 ? TimeSpan.Zero : time.GetElapsedTime(of.Begun.Min);
        var each = oldest > of.Mean ? oldest : of.Mean;
        return each * ((of.Waiting.Count + 1.0) / perReceiver);
    }

    /// <summary>Those that come again are spread over the time that the receiver needs for them.</summary>
    private SnoozeException Later(Receiver of, TimeSpan wait)
    {
        var ahead = of.PutOff(time);
        var each = wait / (of.Waiting.Count + 1.0);
        var pause = each * (ahead + 1.0);
        pause = pause < ShortestPause ? ShortestPause : pause > LongestPause ? LongestPause : pause;
        return new SnoozeException(pause * (1 + (Random.Shared.NextDouble() / 2)));
    }

    /// <summary>A place at a receiver.</summary>
    internal sealed class Place : IDisposable
    {
        private readonly ReceiverPlaces _places;
        private readonly string _receiver;
        private readonly Receiver _of;
        private readonly long _since;

        internal Place(ReceiverPlaces places, string receiver, Receiver of, long since)
        {
            (_places, _receiver, _of, _since) = (places, receiver, of, since);
            lock (places._lock)
                of.Begun.Add(_since = Unique(of.Begun, since));
        }

        public void Dispose() => _places.Leave(_receiver, _of, _since);

        // Two may begin at the same tick.
        private static long Unique(SortedSet<long> begun, long since)
        {
            while (begun.Contains(since))
                since++;
            return since;
        }
    }

    /// <summary>What is known of a receiver; owned by the lock.</summary>
    internal sealed class Receiver
    {
        private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

        private long _windowBegan;
        private int _putOff;

        /// <summary>How many places are taken.</summary>
        public int Taken { get; set; }

        /// <summary>How long its requests take.</summary>
        public TimeSpan Mean { get; set; }

        /// <summary>When those under way began.</summary>
        public SortedSet<long> Begun { get; } = [];

        /// <summary>Who waits for a place, in order.</summary>
        public LinkedList<TaskCompletionSource> Waiting { get; } = [];

        /// <summary>How many were put off lately, before this one.</summary>
        public int PutOff(TimeProvider time)
        {
            if (_putOff == 0 || time.GetElapsedTime(_windowBegan) > Window)
                (_windowBegan, _putOff) = (time.GetTimestamp(), 0);
            return _putOff++;
        }
    }
}
