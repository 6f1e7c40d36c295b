using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Faults;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Outbox;

/// <summary>
/// Publishes what this process has committed, straight from memory: packs it, sends the packs with a bounded number in flight, and
/// settles each outbox row when the broker has confirmed all of it. It holds a bounded number of tasks; what does not fit stays in
/// the outbox for the sweepers. While the broker is away it keeps what it has and tries again.
/// </summary>
public sealed class OutboxRelay : IRelayInbox, IHostedService, IDisposable
{
    private readonly ITaskPublisher _publisher;
    private readonly ExpressCopies _express;
    private readonly SettleStage _settle;
    private readonly InstanceIdentity _identity;
    private readonly RelayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<OutboxRelay> _log;
    private readonly RelayMeter _meter;
    private readonly OutboxSignal _work = new();
    private readonly CancellationTokenSource _stopSending = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // All below belongs to the lock.
    private readonly Lock _lock = new();
    private readonly RelayBacklog _backlog;
    private readonly RelayRoom _room;
    private readonly Dictionary<Guid, RelayEntry> _held = [];
    private int _reservations;
    private bool _stopping;
    private bool _stopped;

    private Task _pumping = Task.CompletedTask;

    /// <summary>A relay that is idle until it is started.</summary>
    /// <param name="publisher">The way to the broker.</param>
    /// <param name="express">Knows what became of express copies.</param>
    /// <param name="settle">Deletes and gives up outbox rows.</param>
    /// <param name="identity">Who this process is.</param>
    /// <param name="meanRun">How long a kind runs on average; null if nobody has measured.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="meter">Counts.</param>
    /// <param name="time">Clock.</param>
    /// <param name="log">Log.</param>
    internal OutboxRelay(
        ITaskPublisher publisher,
        ExpressCopies express,
        SettleStage settle,
        InstanceIdentity identity,
        Func<string, TimeSpan?> meanRun,
        IOptions<RelayOptions> options,
        RelayMeter meter,
        TimeProvider time,
        ILogger<OutboxRelay> log)
    {
        (_publisher, _express, _settle, _identity, _options, _time, _log, _meter) = (publisher, express, settle, identity, options.Value, time, log, meter);
        _backlog = new RelayBacklog(_options, meanRun, time);
        _room = new RelayRoom(_options);
    }

    /// <summary>How many tasks it holds or has promised room for, at this moment.</summary>
    public int Held
    {
        get
        {
            lock (_lock)
                return _room.Tasks;
        }
    }

    /// <summary>How many packs wait for the broker's confirm, at this moment.</summary>
    public int InFlight
    {
        get
        {
            lock (_lock)
                return _backlog.InFlight;
        }
    }

    /// <inheritdoc/>
    public IRelayReservation? TryReserve(string queue, int tasks) => TryReserve(queue, tasks, room => room.TryTake(queue, tasks));

    /// <inheritdoc/>
    public IRelayReservation? TryReserve(int tasks) => TryReserve(null, tasks, room => room.TryTakeForAny(tasks));

    /// <summary>Reserves room for a sweeper; while it gets none, queues that hold much get none either.</summary>
    internal IRelayReservation? TryReserveForSweep(int tasks) => TryReserve(null, tasks, room => room.TryTakeForSweep(tasks));

    /// <summary>How many tasks one sweep may bring: a fifth of the room.</summary>
    internal int MostInSweep => _options.Capacity / 5;

    /// <summary>True if the row is in this relay's memory.</summary>
    internal bool Holds(Guid outboxId)
    {
        lock (_lock)
            return _held.ContainsKey(outboxId);
    }

    /// <summary>Begins to publish.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _pumping = Task.Run(PumpAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Takes no more, publishes what it holds for as long as <see cref="RelayOptions.StopPatience"/> allows, and gives up the rows of
    /// the rest, so that sweepers elsewhere take them at once.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_stopping)
                return;
            _stopping = true;
            SignalIfEmpty();
        }

        await WaitUntilEmptyAsync(cancellationToken);
        await _stopSending.CancelAsync();
        await _pumping;
        (Guid, Guid)[] rest;
        lock (_lock)
        {
            _stopped = true;
            rest = [.. _held.Values.Select(e => (e.Id, e.Owner))];
        }

        await DisownAsync(rest);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopSending.Dispose();

    /// <summary>The end of a reservation: its room is given back, and the rows, if any, take theirs.</summary>
    internal void HandOver(RelayReservation reservation, IReadOnlyList<OutboxBatch> batches)
    {
        var entries = batches.Select(b => new RelayEntry(b, reservation.Owner)).ToList();
        RelayPack? single = null;
        bool stopped;
        lock (_lock)
        {
            stopped = _stopped;
            _reservations--;
            if (reservation.Queue is { } queue)
                _room.Return(queue, reservation.Tasks);
            else
                _room.Return(reservation.Tasks);
            if (!stopped)
            {
                // Held already: it was swept although this process lived, after it had been declared dead.
                entries.RemoveAll(e => !_held.TryAdd(e.Id, e));
                entries.ForEach(Accept);
                single = _backlog.TakeSingle(entries);
            }

            SignalIfEmpty();
        }

        if (stopped)
        {
            _ = DisownAsync([.. entries.Select(e => (e.Id, e.Owner))]);
            return;
        }

        if (single is null)
            _work.Wake();
        else
            _ = SendAsync(single); // from here: waking another thread takes a tenth of a millisecond or more
        foreach (var entry in entries.Where(e => e.Tasks.Count == 0))
            _ = SettleAsync(entry); // nothing in it is open any more
    }

    private RelayReservation? TryReserve(string? queue, int tasks, Func<RelayRoom, bool> tryTake)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tasks);
        lock (_lock)
        {
            if (_stopping || !tryTake(_room))
                return null;
            _reservations++;
            return new RelayReservation(this, queue, tasks, _identity.Id, tasks == 1 && queue is not null && _backlog.IsQuiet());
        }
    }

    private void Accept(RelayEntry entry)
    {
        _room.Enter(entry);
        if (entry.Tasks.Count > 0)
            _backlog.Add(entry);
    }

    private async Task PumpAsync()
    {
        var packs = new List<RelayPack>();
        try
        {
            while (true)
            {
                await _work.WaitAsync(_stopSending.Token);
                do
                {
                    packs.Clear();
                    lock (_lock)
                    {
                        // A few at a time: those that hand over must not wait for the lock.
                        while (packs.Count < 16 && _backlog.Take() is { } pack)
                            packs.Add(pack);
                    }

                    foreach (var pack in packs)
                        _ = SendAsync(pack);
                }
                while (packs.Count > 0);
            }
        }
        catch (OperationCanceledException)
        {
            _log.RelayStopped();
        }
    }

    private async Task SendAsync(RelayPack pack)
    {
        try
        {
            if (pack.Ahead is { } ahead && await IsTakenAsync(pack, ahead))
                return;

            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stopSending.Token);
            deadline.CancelAfter(_options.SendDeadline);
            await _publisher.PublishAsync(pack.Lane.Queue, new RunTasks(pack.Tasks), deadline.Token);
        }
        catch (Exception e)
        {
            OnFailed(pack, e);
            return;
        }

        FaultPoint.Reached(FaultPoint.AfterConfirm); // dying here: the row of a dead owner is swept, and the copies are dropped
        OnConfirmed(pack);
    }

    private async Task<bool> IsTakenAsync(RelayPack pack, RelayEntry ahead)
    {
        var taken = false;
        try
        {
            taken = await _express.IsTakenAsync(ahead, _stopSending.Token);
        }
        finally
        {
            OnTried(pack, ahead, taken);
        }

        return taken;
    }

    private void OnTried(RelayPack pack, RelayEntry ahead, bool taken)
    {
        lock (_lock)
        {
            if (!taken)
            {
                _backlog.NotTaken(pack);
                return;
            }

            _backlog.Taken(pack);
            Drop(ahead);
        }

        _work.Wake();
        _meter.Taken(pack.Lane.Queue);
    }

    private void OnConfirmed(RelayPack pack)
    {
        int failures;
        var confirmed = new List<RelayEntry>(pack.Parts.Count);
        lock (_lock)
        {
            failures = _backlog.Sent(pack);
            foreach (var part in pack.Parts)
            {
                part.Entry.Unconfirmed -= part.Count;
                if (part.Entry.Unconfirmed == 0)
                    confirmed.Add(part.Entry);
            }
        }

        _work.Wake();
        foreach (var entry in confirmed)
            _ = SettleAsync(entry);
        _meter.Published(pack.Lane.Queue, pack.Tasks.Count);
        if (failures > 0)
            _log.SendsRecovered(pack.Lane.Queue, failures);
    }

    private void OnFailed(RelayPack pack, Exception reason)
    {
        TimeSpan? pause;
        int failures;
        lock (_lock)
        {
            pause = _backlog.Failed(pack);
            failures = pack.Lane.Trouble.Failures;
        }

        _meter.Failed(pack.Lane.Queue);
        if (_stopSending.IsCancellationRequested)
            return;
        if (failures == 1 || (pause is not null && failures % 20 == 0))
            _log.SendFailed(pack.Lane.Queue, failures, reason is OperationCanceledException ? "no confirm in time" : reason.Message);
        if (pause is { } delay)
            _ = ResumeLaterAsync(pack.Lane, delay);
    }

    private async Task ResumeLaterAsync(RelayLane lane, TimeSpan delay)
    {
        await Task.Delay(delay, _time, CancellationToken.None);
        lock (_lock)
            lane.Trouble.PauseOver();
        _work.Wake();
    }

    private async Task SettleAsync(RelayEntry entry)
    {
        try
        {
            await _settle.SettleAsync(entry.Id, CancellationToken.None);
        }
        catch (Exception e) when (e is LedgerUnavailableException or Npgsql.NpgsqlException)
        {
            // Stays held, so that stopping gives it up: its tasks travel again and the copies are dropped.
            _log.NotSettled(entry.Id, e.Message);
            return;
        }

        lock (_lock)
            Drop(entry);
    }

    /// <summary>Its row is gone.</summary>
    private void Drop(RelayEntry entry)
    {
        _held.Remove(entry.Id);
        _room.Leave(entry);
        SignalIfEmpty();
    }

    private void SignalIfEmpty()
    {
        if (_stopping && _held.Count == 0 && _reservations == 0)
            _empty.TrySetResult();
    }

    private async Task WaitUntilEmptyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _empty.Task.WaitAsync(_options.StopPatience, _time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            _log.StoppingEarly(Held);
        }
    }

    private async Task DisownAsync((Guid Id, Guid Owner)[] rows)
    {
        if (rows.Length == 0)
            return;
        try
        {
            await _settle.DisownAsync(rows, CancellationToken.None);
            _log.Disowned(rows.Length);
        }
        catch (Exception e)
        {
            _log.NotDisowned(rows.Length, e.Message);
        }
    }
}
