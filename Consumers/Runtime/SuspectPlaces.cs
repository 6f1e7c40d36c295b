using System.Diagnostics.CodeAnalysis;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// Who of the suspects (tasks whose worker died while it ran them) may run here. They start one at a time, so that a worker's death says
/// which it was; those that were lost only once run in groups that grow with each survivor, since most of them are only neighbours.
/// What was lost more than once always runs as the only suspect. Safe to use from several threads.
/// </summary>
internal sealed class SuspectPlaces(WorkerOptions options, TimeProvider time)
{
    /// <summary>The most suspects at once.</summary>
    public const int Most = 32;

    /// <summary>How long a delivered suspect waits for its place before it is put off.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = NewSignal();
    private int _taken;
    private int _limit = 1;
    private int _survivors;
    private bool _aloneRuns;
    private int _aloneWaits;
    private int _waiting;
    private long _second;
    private int _putOff;

    /// <summary>How many have a place now.</summary>
    public int Taken
    {
        get
        {
            lock (_lock)
                return _taken;
        }
    }

    /// <summary>Takes a place if the suspect may start now.</summary>
    /// <param name="losses">How often its worker died.</param>
    public SuspectPlace? TryTake(int losses)
    {
        lock (_lock)
            return TryTakeLocked(losses > 1, waited: false);
    }

    /// <summary>Waits a little for a place. Null: not to be had, or the worker drains.</summary>
    public async ValueTask<SuspectPlace?> TakeAsync(int losses, CancellationToken draining, CancellationToken cancellationToken)
    {
        var alone = losses > 1;
        lock (_lock)
        {
            if (TryTakeLocked(alone, waited: false) is { } place)
                return place;
            // Each that waits holds a delivery that healthy tasks could have.
            if (_waiting >= Math.Max(1, Math.Min(_limit, options.Concurrency / 4)))
                return null;
            _waiting++;
            _aloneWaits += alone ? 1 : 0;
        }

        using var patience = new Patience(LongestWait, time, draining, cancellationToken);
        try
        {
            while (true)
            {
                Task changed;
                lock (_lock)
                {
                    if (TryTakeLocked(alone, waited: true) is { } place)
                        return place;
                    changed = _changed.Task;
                }

                await changed.WaitAsync(patience.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        finally
        {
            lock (_lock)
            {
                _waiting--;
                _aloneWaits -= alone ? 1 : 0;
                Signal();
            }
        }
    }

    /// <summary>
    /// How long one that gets no place is put off: about a second, so that another worker may have it soon; longer the more there are,
    /// up to 10, so that thousands do not go round and round.
    /// </summary>
    public TimeSpan NextDelay()
    {
        lock (_lock)
        {
            if (time.GetElapsedTime(_second) > TimeSpan.FromSeconds(1))
                (_second, _putOff) = (time.GetTimestamp(), 0);
            _putOff++;
            return TimeSpan.FromSeconds(Math.Min(10, 1 + (_putOff * 0.005)) * (0.5 + (Random.Shared.NextDouble() / 2)));
        }
    }

    internal void Release(bool alone, bool survived)
    {
        lock (_lock)
        {
            _taken--;
            _aloneRuns &= !alone;
            if (survived && ++_survivors >= _limit)
                (_limit, _survivors) = (Math.Min(Most, _limit * 2), 0);
            Signal();
        }
    }

    private SuspectPlace? TryTakeLocked(bool alone, bool waited)
    {
        if (_aloneRuns || _taken >= (alone ? 1 : _limit))
            return null;
        if (!alone && _aloneWaits > 0)
            return null; // or those that must be alone would wait for ever
        if (!waited && _waiting > 0)
            return null; // first come, first served
        _taken++;
        _aloneRuns = alone;
        return new SuspectPlace(this, alone);
    }

    private void Signal()
    {
        var changed = _changed;
        _changed = NewSignal();
        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A suspect's place, from before its claim until its end is recorded or its mark is off.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The token source has no timer.")]
internal sealed class SuspectPlace(SuspectPlaces places, bool alone)
{
    private readonly CancellationTokenSource _given = new();
    private int _released;

    /// <summary>Cancelled when it is given back.</summary>
    public CancellationToken GivenBack => _given.Token;

    /// <summary>Gives it back; only the first call counts.</summary>
    /// <param name="survived">The suspect has run, and the worker lives.</param>
    public void Release(bool survived)
    {
        if (Interlocked.Exchange(ref _released, 1) != 0)
            return;
        places.Release(alone, survived);
        _given.Cancel();
    }
}
