using System.Runtime.CompilerServices;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Events;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Events;

/// <summary>
/// The events of all tasks that somebody listens to, for the wide streams. Tasks that are said to have changed are read at once, many in one
/// statement and once for all readers. Completeness comes from sweeps: every few seconds the ledger is asked what has changed since the last one.
/// Nothing runs while there is no reader.
/// </summary>
public sealed class EventFeed : BackgroundService
{
    /// <summary>How often the ledger is swept while others tell of changes.</summary>
    public static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(3);

    /// <summary>How often it is swept while nobody can tell; less often where a sweep takes long.</summary>
    public static readonly TimeSpan SweepEveryAlone = TimeSpan.FromSeconds(1);

    /// <summary>How much later than its time a change may become visible: a commit that was held up.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    private const int MostHistories = 200;
    private const int MostPending = 100_000;
    private const int MostRemembered = 200_000;
    private const int PausePerSweep = 20;
    // Heartbeats, theirs and ours, carry the wish to be told.
    private static readonly TimeSpan UntilOthersTell = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly HistoryReader _histories;
    private readonly ChangeReader _ledgerChanges;
    private readonly TaskChanges _changes;
    private readonly ChangeEndpoint? _endpoint;
    private readonly LedgerClock _clock;
    private readonly TimeProvider _time;
    private readonly EventOptions _options;
    private readonly ILogger<EventFeed> _log;

    // Owned by the lock.
    private readonly Lock _lock = new();
    private readonly List<WideReader> _readers = [];
    private HashSet<Guid> _pending = [];
    private int _dropped;
    private TaskCompletionSource _signal = Signal();

    // Owned by the loop.
    private readonly Dictionary<Guid, EventPosition> _sent = [];
    private readonly Queue<Guid> _sentOrder = new();
    private DateTimeOffset _complete;
    private TimeSpan _pause;
    private long _begun;

    /// <summary>Reads nothing yet.</summary>
    public EventFeed(
        LedgerConnections ledger,
        LedgerClock clock,
        TaskChanges changes,
        IOptions<EventOptions> options,
        TimeProvider time,
        ILogger<EventFeed> log,
        ChangeEndpoint? endpoint = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _histories = new HistoryReader(ledger);
        _ledgerChanges = new ChangeReader(ledger);
        (_clock, _changes, _options, _time, _log, _endpoint) = (clock, changes, options.Value, time, log, endpoint);
        Ring = new EventRing(options.Value.WideBuffer);
        changes.Known += Take;
    }

    /// <summary>How many readers there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _readers.Count;
        }
    }

    internal EventRing Ring { get; }

    /// <summary>Begins to read.</summary>
    /// <param name="filter">What is wanted.</param>
    /// <param name="from">Where an earlier reader got to; null: from now on.</param>
    public WideReader Join(WideFilter filter, WideCursor? from)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(_clock.Now.ToUnixTimeMilliseconds()); // as ids have it
        var earliest = now - _options.LongestCatchUp;
        var gap = from is { UpTo: var upTo } && upTo < earliest;
        lock (_lock)
        {
            if (_readers.Count == 0)
                Ring.Advance(new WideCursor(_complete = now - Overlap));
            var reader = new WideReader(this, filter, gap ? earliest : from is { UpTo: var since } && since < now ? since : now, from is not null, gap ? earliest : null);
            _readers.Add(reader);
            _signal.TrySetResult();
            return reader;
        }
    }

    internal void Leave(WideReader reader)
    {
        lock (_lock)
        {
            if (_readers.Remove(reader) && _readers.Count == 0)
                _pending = [];
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _changes.Known -= Take;
        base.Dispose();
    }

    /// <summary>What the ledger knows to have happened since a moment, page by page, for a reader that comes back.</summary>
    internal async IAsyncEnumerable<IReadOnlyList<TaskEvent>> CatchUpAsync(
        WideFilter filter, DateTimeOffset from, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var known = new Dictionary<Guid, EventPosition>();
        await foreach (var page in _ledgerChanges.SinceAsync(from, whole: true, cancellationToken))
        {
            foreach (var ids in page.Select(c => c.Id).Distinct().Chunk(MostHistories))
            {
                var concerned = await ConcernedAsync(ids, [filter], cancellationToken);
                foreach (var events in await ReadAsync(concerned, known, from, cancellationToken))
                {
                    var news = events.Where(e => e.At >= from && filter.Matches(e.Task)).ToList();
                    if (events.Count == 0)
                        continue;
                    if (known.Count > MostRemembered)
                        known.Clear(); // from here on events may come twice
                    known[events[^1].Task.Id] = events[^1].Position;
                    if (news.Count > 0)
                        yield return news;
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            Task signal;
            lock (_lock)
            {
                if (_signal.Task.IsCompleted)
                    _signal = Signal();
                signal = _readers.Count > 0 ? Task.CompletedTask : _signal.Task;
            }

            await signal.WaitAsync(stoppingToken);
            await RunWhileReadAsync(stoppingToken);
        }
    }

    private async Task RunWhileReadAsync(CancellationToken stoppingToken)
    {
        _pause = TimeSpan.Zero;
        var swept = _begun = _time.GetTimestamp();
        while (true)
        {
            Task signal;
            Guid[] pending;
            WideFilter[] filters;
            lock (_lock)
            {
                if (_readers.Count == 0)
                    break;
                filters = [.. _readers.Select(r => r.Filter).Distinct()];
                pending = [.. _pending.Take(MostHistories)];
                _pending.ExceptWith(pending);
                if (_signal.Task.IsCompleted && _pending.Count == 0)
                    _signal = Signal();
                signal = _signal.Task;
                if (_dropped > 0)
                    _log.ChangesDropped(_dropped);
                _dropped = 0;
            }

            try
            {
                if (pending.Length > 0)
                    await PublishAsync(pending, filters, stoppingToken);
                var interval = _endpoint is { IsConnected: true } ? SweepEvery : SweepEveryAlone;
                var rest = (_pause > interval ? _pause : interval) - _time.GetElapsedTime(swept);
                if (rest <= TimeSpan.Zero)
                {
                    await SweepAsync(filters, stoppingToken);
                    swept = _time.GetTimestamp();
                }
                else if (pending.Length == 0)
                {
                    await Task.WhenAny(signal, Task.Delay(rest, _time, stoppingToken));
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                _log.ChangesNotSwept(e.Message);
                await Task.Delay(PauseAfterFailure, _time, stoppingToken);
            }

            stoppingToken.ThrowIfCancellationRequested();
        }

        _sent.Clear();
        _sentOrder.Clear();
        Ring.Clear();
    }

    private void Take(IReadOnlyList<Guid> ids)
    {
        lock (_lock)
        {
            if (_readers.Count == 0)
                return;
            foreach (var id in ids)
            {
                if (_pending.Count < MostPending)
                    _pending.Add(id);
                else
                    _dropped++;
            }

            _signal.TrySetResult();
        }
    }

    /// <summary>Asks the ledger what has changed since everything was complete; afterwards everything is, up to the moment of asking.</summary>
    private async Task SweepAsync(WideFilter[] filters, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var now = await _ledgerChanges.NowAsync(cancellationToken);
        var whole = _endpoint is not { IsConnected: true } || _time.GetElapsedTime(_begun) < UntilOthersTell;
        await foreach (var page in _ledgerChanges.SinceAsync(_complete, whole, cancellationToken))
        {
            var unknown = page.Where(c => !IsSent(c)).Select(c => c.Id).Distinct();
            foreach (var ids in unknown.Chunk(MostHistories))
                await PublishAsync(ids, filters, cancellationToken);
        }

        _complete = now - Overlap > _complete ? now - Overlap : _complete;
        Ring.Advance(new WideCursor(_complete));
        _pause = _time.GetElapsedTime(began) * PausePerSweep;
    }

    private bool IsSent(ChangedTask changed) => _sent.TryGetValue(changed.Id, out var sent) && changed.Sort switch
    {
        ChangeSort.Accepted => true,
        ChangeSort.Ended => sent.State.IsFinal() && sent.At >= EventPosition.ScaleOf(changed.At),
        _ => sent.At >= EventPosition.ScaleOf(changed.At),
    };

    private async Task PublishAsync(Guid[] ids, WideFilter[] filters, CancellationToken cancellationToken)
    {
        var concerned = await ConcernedAsync(ids, filters, cancellationToken);
        if (concerned.Count == 0)
            return;
        // Of a task that is not remembered: nothing that every reader has already had, or was not there for.
        var found = await ReadAsync(concerned, _sent, _complete, cancellationToken);
        foreach (var events in found.Where(events => events.Count > 0))
        {
            Ring.Add(events);
            Remember(events[^1].Task.Id, events[^1].Position);
        }
    }

    private async Task<IReadOnlyCollection<Guid>> ConcernedAsync(Guid[] ids, WideFilter[] filters, CancellationToken cancellationToken)
    {
        if (filters.Any(f => f.IsEverything))
            return ids;
        // By the narrowest member of each filter; the rest of it is compared when the task is read.
        return await _ledgerChanges.ConcernedAsync(
            ids,
            [.. filters.Where(f => f is { Tag: null, Kind: not null }).Select(f => f.Kind!)],
            [.. filters.Where(f => f is { Tag: null, Kind: null }).Select(f => f.Queue!)],
            [.. filters.Where(f => f.Tag is not null).Select(f => f.Tag!)],
            cancellationToken);
    }

    /// <summary>The new events of each task, in order, however many there are: those behind its last known one, or since a moment.</summary>
    private async Task<List<IReadOnlyList<TaskEvent>>> ReadAsync(
        IReadOnlyCollection<Guid> ids, Dictionary<Guid, EventPosition> known, DateTimeOffset moment, CancellationToken cancellationToken)
    {
        var found = new List<IReadOnlyList<TaskEvent>>(ids.Count);
        HistoryRequest[] requests =
        [
            .. ids.Select(id => known.TryGetValue(id, out var last)
                ? new HistoryRequest(id, last, WithResult: false)
                : new HistoryRequest(id, EventPosition.Start, WithResult: false, moment)),
        ];
        while (requests.Length > 0)
        {
            var histories = await _histories.ReadAsync(requests, cancellationToken);
            var more = new List<HistoryRequest>();
            for (var i = 0; i < histories.Length; i++)
            {
                var (request, history) = (requests[i], histories[i]);
                if ((request.Since == EventPosition.Start ? history?.Since(moment) : history?.After(request.Since)) is not { } news)
                    continue;
                found.Add(news.Events);
                if (news.HasMore)
                    more.Add(request with { Since = news.Events[^1].Position });
            }

            requests = [.. more];
        }

        return found;
    }

    private void Remember(Guid id, EventPosition position)
    {
        if (!_sent.ContainsKey(id))
            _sentOrder.Enqueue(id);
        _sent[id] = position;
        while (_sent.Count > MostRemembered && _sentOrder.TryDequeue(out var oldest))
            _sent.Remove(oldest);
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
