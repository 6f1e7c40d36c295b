using Messaging.Infrastructure.Store.Events;

namespace Messaging.Infrastructure.Events;

/// <summary>What a wide stream's reader gets.</summary>
/// <param name="Events">In the order in which they became known; those of one task in their order. May be empty.</param>
/// <param name="Cursor">Where to go on from after them.</param>
/// <param name="IsTooSlow">True: it was overtaken. It must begin again from its last cursor.</param>
public sealed record WideNews(IReadOnlyList<WideEvent> Events, WideCursor Cursor, bool IsTooSlow = false);

/// <summary>
/// One reader of the events of many tasks. After a reconnect it first catches up from the ledger, then reads along in the buffer that all
/// readers share. For one caller at a time.
/// </summary>
public sealed class WideReader : IDisposable
{
    private const int MostAtOnce = 200;
    private const int MostRemembered = 200_000;

    private readonly EventFeed _feed;
    private readonly WideFilter _filter;
    private readonly DateTimeOffset _from;
    private readonly Dictionary<Guid, EventPosition> _caughtUp = [];
    private IAsyncEnumerator<IReadOnlyList<TaskEvent>>? _catchUp;
    private bool _catchesUp;
    private long _place;
    private long _catchUpEnds;

    internal WideReader(EventFeed feed, WideFilter filter, DateTimeOffset from, bool catchUp, DateTimeOffset? gapUntil)
    {
        (_feed, _filter, _from, GapUntil) = (feed, filter, from, gapUntil);
        _place = feed.Ring.Next;
        _catchesUp = catchUp;
    }

    /// <summary>Set if it was away for longer than can be caught up: events before this moment may be missing.</summary>
    public DateTimeOffset? GapUntil { get; }

    /// <summary>Where it began.</summary>
    public WideCursor Begin => new(_from);

    /// <summary>The filter.</summary>
    public WideFilter Filter => _filter;

    /// <summary>Waits for events; what comes back may also be none, to be asked again. With the same token each time.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger can't be reached while catching up.</exception>
    public async Task<WideNews> NextAsync(CancellationToken cancellationToken)
    {
        if (_catchesUp)
        {
            _catchUp ??= _feed.CatchUpAsync(_filter, _from, cancellationToken).GetAsyncEnumerator(cancellationToken);
            if (await _catchUp.MoveNextAsync())
                return new WideNews([.. _catchUp.Current.Select(Remember)], new WideCursor(_from));
            await _catchUp.DisposeAsync();
            _catchesUp = false;
            _catchUpEnds = _feed.Ring.Next; // until there the buffer repeats what was read from the ledger
        }

        while (true)
        {
            var began = _place;
            if (!_feed.Ring.TryTake(ref _place, MostAtOnce, out var events, out var cursor, out var more))
                return new WideNews([], cursor, IsTooSlow: true);
            if (events.Length == 0)
            {
                await more.WaitAsync(cancellationToken);
                continue;
            }

            var news = events.Where(e => e.Event.At >= _from && _filter.Matches(e.Event.Task) && !IsKnown(e.Event)).Select(e => e with { Cursor = Later(e.Cursor) }).ToList();
            if (began >= _catchUpEnds)
                _caughtUp.Clear();
            return new WideNews(news, Later(events[^1].Cursor));
        }
    }

    /// <summary>What a reader that has read everything may go on from; null while it has not.</summary>
    public WideCursor? Idle()
    {
        var place = _place;
        return !_catchesUp && _feed.Ring.TryTake(ref place, 1, out var events, out var cursor, out _) && events.Length == 0 ? Later(cursor) : null;
    }

    /// <summary>Reads no longer.</summary>
    public void Dispose() => _feed.Leave(this);

    // What happened before it began it has had, or does not want.
    private WideCursor Later(WideCursor cursor) => cursor.UpTo > _from ? cursor : Begin;

    private WideEvent Remember(TaskEvent e)
    {
        if (_caughtUp.Count > MostRemembered)
            _caughtUp.Clear(); // from here on events may come twice
        _caughtUp[e.Task.Id] = e.Position;
        return new WideEvent(e, new WideCursor(_from));
    }

    private bool IsKnown(TaskEvent e) => _caughtUp.TryGetValue(e.Task.Id, out var known) && e.Position <= known;
}
