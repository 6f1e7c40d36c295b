using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>
/// Lets callers wait for the end of tasks. One loop asks the ledger for all of them in one query; it runs only while somebody waits.
/// A task is asked for soon after its wait began and then ever more rarely: after a quarter of the time that it has been waited for, at
/// least <see cref="Soonest"/> and at most <see cref="Latest"/>; at once when it is said to have changed (<see cref="TaskChanges"/>), which is never
/// relied on. Safe to use from several threads.
/// </summary>
public sealed class TaskWatcher : IDisposable
{
    /// <summary>The shortest time between two looks at a task.</summary>
    public static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(1);

    /// <summary>The longest time between two looks at a task.</summary>
    public static readonly TimeSpan Latest = TimeSpan.FromMilliseconds(50);

    /// <summary>Who waits for longer than this would be told of the end sooner than the next look finds it.</summary>
    public static readonly TimeSpan LongWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(500);

    private readonly LedgerConnections _ledger;
    private readonly TaskChanges _changes;
    private readonly TimeProvider _time;
    private readonly ILogger<TaskWatcher> _log;

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Watch> _watches = [];
    private TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _polling;

    /// <summary>Looks at nothing yet.</summary>
    public TaskWatcher(LedgerConnections ledger, TaskChanges changes, TimeProvider time, ILogger<TaskWatcher> log)
    {
        (_ledger, _changes, _time, _log) = (ledger, changes, time, log);
        changes.Known += LookSoon;
    }

    /// <summary>How many tasks are waited for.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _watches.Count;
        }
    }

    /// <summary>True if somebody has waited for longer than <see cref="LongWait"/>.</summary>
    public bool HasLongWaits
    {
        get
        {
            lock (_lock)
                return _watches.Values.Any(watch => _time.GetElapsedTime(watch.Since) > LongWait);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _changes.Known -= LookSoon;

    /// <summary>Waits until a task has ended; false if it has not within <paramref name="patience"/>, or there is no such task.</summary>
    /// <remarks>Trouble with the ledger does not end the wait.</remarks>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<bool> WaitForEndAsync(Guid id, TimeSpan patience, CancellationToken cancellationToken)
    {
        var watch = Join(id);
        try
        {
            await watch.Ended.Task.WaitAsync(patience, _time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            Leave(id, watch);
        }
    }

    private Watch Join(Guid id)
    {
        lock (_lock)
        {
            if (!_watches.TryGetValue(id, out var watch))
                _watches[id] = watch = new Watch();
            watch.Waiters++;
            watch.Since = _time.GetTimestamp();
            watch.NextLook = Soonest;
            _joined.TrySetResult();
            if (!_polling)
            {
                _polling = true;
                _ = Task.Run(PollWhileSomebodyWaitsAsync);
            }

            return watch;
        }
    }

    private void Leave(Guid id, Watch watch)
    {
        lock (_lock)
        {
            if (--watch.Waiters == 0)
                _watches.Remove(id);
        }
    }

    private async Task PollWhileSomebodyWaitsAsync()
    {
        while (true)
        {
            Guid[] due;
            TimeSpan pause;
            Task joined;
            lock (_lock)
            {
                if (_watches.Count == 0)
                {
                    _polling = false;
                    return;
                }

                (due, pause) = TakeDue();
                if (_joined.Task.IsCompleted)
                    _joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                joined = _joined.Task;
            }

            if (due.Length > 0)
                pause = await LookAsync(due);
            // A newcomer is not kept waiting by the others' longer pauses.
            if (pause > TimeSpan.Zero)
                await Task.WhenAny(joined, Task.Delay(pause, _time, CancellationToken.None));
        }
    }

    /// <summary>Which tasks to look at now, and how long to sleep if there are none.</summary>
    private (Guid[] Due, TimeSpan Pause) TakeDue()
    {
        var due = new List<Guid>();
        var pause = Latest;
        foreach (var (id, watch) in _watches)
        {
            var waited = _time.GetElapsedTime(watch.Since);
            if (watch.NextLook <= waited)
            {
                due.Add(id);
                watch.NextLook = waited + TimeSpan.FromTicks(Math.Clamp(waited.Ticks / 4, Soonest.Ticks, Latest.Ticks));
            }

            pause = watch.NextLook - waited is var left && left < pause ? left : pause;
        }

        return ([.. due], pause);
    }

    private async Task<TimeSpan> LookAsync(Guid[] ids)
    {
        try
        {
            await using var connection = await _ledger.Events.OpenConnectionAsync();
            await using var batch = connection.CreateBatch();
            batch.Add(TaskReadSql.Ended, ids);
            await using var reader = await batch.ReadPreparedAsync(CancellationToken.None);
            while (await reader.ReadAsync())
                Tell(reader.GetGuid(0));
            return TimeSpan.Zero;
        }
        catch (Exception e)
        {
            _log.EndsNotRead(e.Message);
            return PauseAfterFailure;
        }
    }

    /// <summary>What is waited for and is said to have changed is looked at now.</summary>
    private void LookSoon(IReadOnlyList<Guid> ids)
    {
        lock (_lock)
        {
            if (_watches.Count == 0)
                return;
            var any = false;
            foreach (var id in ids)
            {
                if (!_watches.TryGetValue(id, out var watch))
                    continue;
                watch.NextLook = TimeSpan.Zero;
                any = true;
            }

            if (any)
                _joined.TrySetResult();
        }
    }

    private void Tell(Guid id)
    {
        lock (_lock)
        {
            if (_watches.TryGetValue(id, out var watch))
                watch.Ended.TrySetResult();
        }
    }

    private sealed class Watch
    {
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Waiters { get; set; }

        public long Since { get; set; }

        /// <summary>How long after <see cref="Since"/>.</summary>
        public TimeSpan NextLook { get; set; }
    }
}
