using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>
/// Lets callers wait for the end of tasks. One loop asks the ledger for all of them in one query; it runs only while somebody waits.
/// A task is asked for soon after its wait began and then ever more rarely: after a quarter of the time that it has been waited for, at
/// least <see cref="Soonest"/> and at most <see cref="Latest"/>. Safe to use from several threads.
/// </summary>
public sealed class TaskWatcher(LedgerConnections ledger, TimeProvider time, ILogger<TaskWatcher> log)
{
    /// <summary>The shortest time between two looks at a task.</summary>
    public static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(1);

    /// <summary>The longest time between two looks at a task.</summary>
    public static readonly TimeSpan Latest = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Watch> _watches = [];
    private TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _polling;

    /// <summary>How many tasks are waited for.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _watches.Count;
        }
    }

    /// <summary>Waits until a task has ended; false if it has not within <paramref name="patience"/>, or there is no such task.</summary>
    /// <remarks>Trouble with the ledger does not end the wait.</remarks>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<bool> WaitForEndAsync(Guid id, TimeSpan patience, CancellationToken cancellationToken)
    {
        var watch = Join(id);
        try
        {
            await watch.Ended.Task.WaitAsync(patience, time, cancellationToken);
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
            watch.Since = time.GetTimestamp();
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
                await Task.WhenAny(joined, Task.Delay(pause, time, CancellationToken.None));
        }
    }

    /// <summary>Which tasks to look at now, and how long to sleep if there are none.</summary>
    private (Guid[] Due, TimeSpan Pause) TakeDue()
    {
        var due = new List<Guid>();
        var pause = Latest;
        foreach (var (id, watch) in _watches)
        {
            var waited = time.GetElapsedTime(watch.Since);
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
            await using var command = ledger.Web.CreateCommand(TaskReadSql.Ended);
            command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                Tell(reader.GetGuid(0));
            return TimeSpan.Zero;
        }
        catch (Exception e)
        {
            log.EndsNotRead(e.Message);
            return PauseAfterFailure;
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
