using Messaging.Infrastructure.Store.Events;

namespace Messaging.Infrastructure.Events;

/// <summary>An event of a wide stream.</summary>
/// <param name="Event">The event.</param>
/// <param name="Cursor">What a reader that has got as far as this may go on from.</param>
public readonly record struct WideEvent(TaskEvent Event, WideCursor Cursor);

/// <summary>
/// The last events of all, in the order in which they became known, for any number of readers: each reads at its own pace, and one that is
/// overtaken learns of it. Safe to use from several threads.
/// </summary>
internal sealed class EventRing(int size)
{
    private readonly WideEvent[] _events = new WideEvent[size];
    private readonly Lock _lock = new();
    private long _next;
    private WideCursor _cursor;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The place of the next event.</summary>
    public long Next
    {
        get
        {
            lock (_lock)
                return _next;
        }
    }

    /// <summary>Adds events.</summary>
    public void Add(IEnumerable<TaskEvent> events)
    {
        TaskCompletionSource more;
        lock (_lock)
        {
            foreach (var e in events)
                _events[_next++ % size] = new WideEvent(e, _cursor);
            (more, _more) = (_more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        more.SetResult();
    }

    /// <summary>Says that everything up to a moment has been added.</summary>
    public void Advance(WideCursor cursor)
    {
        lock (_lock)
            _cursor = cursor;
    }

    /// <summary>Forgets everything: nobody reads.</summary>
    public void Clear()
    {
        lock (_lock)
            Array.Clear(_events);
    }

    /// <summary>Takes the events from a place on, at most so many.</summary>
    /// <param name="place">Where to begin; moves on behind what was taken.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="events">What was found.</param>
    /// <param name="cursor">If nothing was found, what a reader may go on from.</param>
    /// <param name="more">Completes when there is more, if nothing was found.</param>
    /// <returns>False: events at this place were overwritten.</returns>
    public bool TryTake(ref long place, int most, out WideEvent[] events, out WideCursor cursor, out Task more)
    {
        lock (_lock)
        {
            (events, cursor, more) = ([], _cursor, _more.Task);
            if (_next - place > size)
                return false;
            var count = (int)Math.Min(_next - place, most);
            if (count == 0)
                return true;
            events = new WideEvent[count];
            for (var i = 0; i < count; i++)
                events[i] = _events[place++ % size];
            return true;
        }
    }
}
