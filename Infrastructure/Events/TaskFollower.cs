using System.Threading.Channels;
using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Events;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Events;

/// <summary>
/// Follows single tasks for any number of readers. What is said to have changed (<see cref="TaskChanges"/>) is read at once; everything else is
/// looked at shortly now and then: after half the time since its last news, at least <see cref="Soonest"/>, at most
/// <see cref="Latest"/>, or <see cref="LatestAlone"/> while nothing can be heard from others. Many tasks share a statement. Events come from
/// the ledger alone, so nothing depends on what is said.
/// </summary>
public sealed class TaskFollower : BackgroundService
{
    /// <summary>The shortest time between two looks at a task.</summary>
    public static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest time between two looks at a task while others tell of changes.</summary>
    public static readonly TimeSpan Latest = TimeSpan.FromSeconds(5);

    /// <summary>The longest time between two looks at a task while nobody can tell.</summary>
    public static readonly TimeSpan LatestAlone = TimeSpan.FromSeconds(1);

    private const int MostReadings = 100;
    private const int MostLooks = 1_000;
    private const int Readers = 2;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(500);

    private readonly HistoryReader _histories;
    private readonly TaskChanges _changes;
    private readonly ChangeEndpoint? _endpoint;
    private readonly TimeProvider _time;
    private readonly ILogger<TaskFollower> _log;
    private readonly Channel<TaskFollowing> _line = Channel.CreateUnbounded<TaskFollowing>(); // each stands in it once

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, List<TaskFollowing>> _followed = [];
    private TaskCompletionSource _some = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    /// <summary>Follows nothing yet.</summary>
    public TaskFollower(LedgerConnections ledger, TaskChanges changes, TimeProvider time, ILogger<TaskFollower> log, ChangeEndpoint? endpoint = null)
    {
        _histories = new HistoryReader(ledger);
        (_changes, _endpoint, _time, _log) = (changes, endpoint, time, log);
        changes.Known += LookSoon;
    }

    /// <summary>How many readers there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Follows a task from a position on.</summary>
    /// <param name="taskId">The task; whether there is one, the first answer tells.</param>
    /// <param name="from">The last event that the reader knows; <see cref="EventPosition.Start"/>: from the beginning.</param>
    public TaskFollowing Follow(Guid taskId, EventPosition from)
    {
        var following = new TaskFollowing(this, taskId, from) { LastNews = _time.GetTimestamp() };
        lock (_lock)
        {
            if (!_followed.TryGetValue(taskId, out var readers))
                _followed[taskId] = readers = [];
            readers.Add(following);
            _count++;
            _some.TrySetResult();
        }

        return following;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _changes.Known -= LookSoon;
        base.Dispose();
    }

    internal void Leave(TaskFollowing following)
    {
        lock (_lock)
        {
            if (!_followed.TryGetValue(following.TaskId, out var readers) || !readers.Remove(following))
                return;
            if (readers.Count == 0)
                _followed.Remove(following.TaskId);
            if (--_count == 0 && _some.Task.IsCompleted)
                _some = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            following.Answer?.TrySetCanceled();
        }
    }

    internal Task<TaskNews?> Ask(TaskFollowing following)
    {
        lock (_lock)
        {
            following.Answer ??= new TaskCompletionSource<TaskNews?>(TaskCreationOptions.RunContinuationsAsynchronously);
            following.LastLook = _time.GetTimestamp();
            if (following.Dirty)
                StandInLine(following);
            return following.Answer.Task;
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([LookAroundAsync(stoppingToken), .. Enumerable.Range(0, Readers).Select(_ => ReadAllAsync(stoppingToken))]);

    private void LookSoon(IReadOnlyList<Guid> ids)
    {
        if (Count == 0)
            return;
        lock (_lock)
        {
            foreach (var id in ids)
            {
                if (!_followed.TryGetValue(id, out var readers))
                    continue;
                foreach (var following in readers)
                {
                    following.Dirty = true;
                    if (following.Answer is not null)
                        StandInLine(following);
                }
            }
        }
    }

    private void StandInLine(TaskFollowing following)
    {
        if (following.InLine)
            return;
        following.InLine = true;
        _line.Writer.TryWrite(following);
    }

    private async Task ReadAllAsync(CancellationToken stoppingToken)
    {
        var batch = new List<TaskFollowing>(MostReadings);
        while (await _line.Reader.WaitToReadAsync(stoppingToken))
        {
            batch.Clear();
            lock (_lock)
            {
                while (batch.Count < MostReadings && _line.Reader.TryRead(out var following))
                {
                    following.Dirty = false; // before the reading: what is said during it counts
                    if (following.Answer is { Task.IsCompleted: false })
                        batch.Add(following);
                    else
                        following.InLine = false;
                }
            }

            if (batch.Count > 0 && !await TryReadAsync(batch, stoppingToken))
                await Task.Delay(PauseAfterFailure, _time, stoppingToken);
        }
    }

    private async Task<bool> TryReadAsync(List<TaskFollowing> batch, CancellationToken stoppingToken)
    {
        try
        {
            var found = await _histories.ReadAsync([.. batch.Select(f => new HistoryRequest(f.TaskId, f.Position, WithResult: true))], stoppingToken);
            for (var i = 0; i < found.Length; i++)
                Tell(batch[i], found[i]);
            return true;
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            _log.HistoryNotRead(e.Message);
            lock (_lock)
            {
                foreach (var following in batch)
                {
                    following.InLine = false;
                    StandInLine(following);
                }
            }

            return false;
        }
    }

    private void Tell(TaskFollowing following, TaskHistory? history)
    {
        var news = history?.After(following.Position);
        lock (_lock)
        {
            following.InLine = false;
            following.LastLook = _time.GetTimestamp();
            following.Mark = history?.Mark;
            if (following.WasAnswered && news is { Events.Count: 0, HasMore: false, IsOver: false })
            {
                if (following.Dirty)
                    StandInLine(following);
                return;
            }

            following.WasAnswered = true;
            following.LastNews = following.LastLook;
            following.Dirty |= news is { HasMore: true };
            if (news is { Events: [.., var last] })
                following.Position = last.Position;
            var answer = following.Answer;
            following.Answer = null;
            answer?.TrySetResult(news);
        }
    }

    private async Task LookAroundAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            Task some;
            lock (_lock)
                some = _some.Task;
            await some.WaitAsync(stoppingToken);
            var due = TakeDue();
            if (due.Count == 0)
            {
                await Task.Delay(Tick, _time, stoppingToken);
                continue;
            }

            try
            {
                foreach (var looks in due.Chunk(MostLooks))
                    await LookAsync(looks, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                _log.HistoryNotRead(e.Message);
                await Task.Delay(PauseAfterFailure, _time, stoppingToken);
            }
        }
    }

    private List<TaskFollowing> TakeDue()
    {
        var latest = _endpoint is { IsConnected: true } ? Latest : LatestAlone;
        var now = _time.GetTimestamp();
        var due = new List<TaskFollowing>();
        lock (_lock)
        {
            foreach (var following in _followed.Values.SelectMany(readers => readers))
            {
                if (following.Answer is null || following.InLine || following.Mark is null)
                    continue;
                var pause = TimeSpan.FromTicks(Math.Clamp(_time.GetElapsedTime(following.LastNews, now).Ticks / 2, Soonest.Ticks, latest.Ticks));
                if (_time.GetElapsedTime(following.LastLook, now) < pause)
                    continue;
                following.LastLook = now;
                due.Add(following);
            }
        }

        return due;
    }

    private async Task LookAsync(TaskFollowing[] looks, CancellationToken stoppingToken)
    {
        var news = await _histories.HasNewsAsync(
            Array.ConvertAll(looks, f => (f.TaskId, f.Position, f.Mark.GetValueOrDefault())), stoppingToken);
        lock (_lock)
        {
            for (var i = 0; i < looks.Length; i++)
            {
                if (news[i] && looks[i].Answer is not null)
                    StandInLine(looks[i]);
            }
        }
    }
}
