using System.Net;
using Messaging.Contracts.Http;
using Messaging.Contracts.Tasks;

namespace Messaging.Contracts.Client.Http;

/// <summary>
/// Waits for the ends of any number of tasks with few connections. A few tasks are asked for by long polls, one connection each, whose answer is the end
/// itself. All others share requests that ask for the states of up to 200 at once: soon after the beginning, then at a quarter of the time that was
/// waited so far, so that a task costs the same few looks whether it takes a second or an hour.
/// </summary>
internal sealed class ResultWaits : IDisposable
{
    /// <summary>As many as an address of 8 KiB holds, and the Producer takes.</summary>
    private const int MostIds = 200;

    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestBetweenLooks = TimeSpan.FromSeconds(2);

    private readonly ProducerConnection _producers;
    private readonly MessagingClientOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _longPolls;
    private readonly SemaphoreSlim _fetches;

    // Owned by the lock.
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, ResultWait> _waits = [];
    private readonly List<ResultWait> _sharing = [];
    private bool _looking;
    private bool _disposed;

    public ResultWaits(ProducerConnection producers, MessagingClientOptions options, TimeProvider time)
    {
        (_producers, _options, _time) = (producers, options, time);
        // One connection is left for the shared looks; a submit may need one too.
        _longPolls = new SemaphoreSlim(options.LongPolls);
        _fetches = new SemaphoreSlim(Math.Max(1, (options.MaxConnections - options.LongPolls) / 2));
    }

    /// <summary>Waits for the end of a task.</summary>
    /// <exception cref="ProblemException">There is no such task, or it may not be looked at.</exception>
    /// <exception cref="ProducerUnavailableException">No Producer could be reached for too long.</exception>
    public async Task<TaskResponse> WaitAsync(Guid id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var wait = Join(id, out var isNew);
        // On a thread of its own, without the caller's context: its trace is none of the others'.
        if (isNew)
            ThreadPool.UnsafeQueueUserWorkItem(static mine => _ = mine.Waits.FollowAsync(mine.Wait), (Waits: this, Wait: wait), preferLocal: false);
        try
        {
            return await wait.End.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(wait);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var wait in _waits.Values)
                wait.Fail(new ObjectDisposedException(nameof(HttpTaskClient)));
        }

        // Only then: requests that are ended here end their waits with a cancellation that nobody has asked for.
        _stop.Cancel();
    }

    private ResultWait Join(Guid id, out bool isNew)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(HttpTaskClient));
            isNew = !_waits.TryGetValue(id, out var wait);
            if (isNew)
                _waits.Add(id, wait = new ResultWait(id, _stop.Token));
            wait!.Waiters++;
            return wait;
        }
    }

    private void Leave(ResultWait wait)
    {
        lock (_lock)
        {
            if (--wait.Waiters > 0)
                return;
            _waits.Remove(wait.Id);
            wait.Abandon();
        }
    }

    private async Task FollowAsync(ResultWait wait)
    {
        try
        {
            string? seen = null;
            while (_longPolls.Wait(0, CancellationToken.None))
            {
                try
                {
                    seen = await PollAsync(wait, seen);
                }
                finally
                {
                    _longPolls.Release();
                }

                if (wait.IsOver)
                    return;
                if (OthersShare)
                    break; // who comes next is more likely to be short
            }

            Share(wait);
        }
        catch (Exception e)
        {
            wait.Fail(e); // nobody looks at it any more if it was abandoned
        }
    }

    private bool OthersShare
    {
        get
        {
            lock (_lock)
                return _sharing.Count > 0;
        }
    }

    /// <summary>One long poll. Answers what was seen, so that the next one is told nothing twice.</summary>
    private async Task<string?> PollAsync(ResultWait wait, string? seen)
    {
        var ask = new Ask(HttpMethod.Get, $"v1/tasks/{wait.Id}?wait=PT{LongPoll.TotalSeconds:0}S")
        {
            Headers = seen is null ? [] : [("If-None-Match", seen)],
            Patience = LongPoll + _options.RequestTimeout,
        };
        var since = _time.GetTimestamp();
        var answer = await _producers.AskAsync(ask, _options.OutageLimit, wait.Stop);
        if (answer.Status != HttpStatusCode.NotModified)
        {
            seen = answer.ETag;
            if (answer.As<TaskResponse>() is var task && task.State.IsFinal())
                wait.Ended(task);
        }

        // A Producer that is about to stop holds nobody back.
        if (!wait.IsOver && _time.GetElapsedTime(since) < Turn)
            await Task.Delay(Turn, _time, wait.Stop);
        return seen;
    }

    private void Share(ResultWait wait)
    {
        var now = _time.GetTimestamp();
        wait.SharesSince = now;
        wait.LookAt = now + Ticks(Turn);
        lock (_lock)
        {
            _sharing.Add(wait);
            if (_looking)
                return;
            _looking = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static waits => _ = waits.LookAsync(), this, preferLocal: false);
    }

    /// <summary>Looks at those that are due, in turns, as long as there are any.</summary>
    private async Task LookAsync()
    {
        while (Due() is { } due)
        {
            foreach (var some in due.Chunk(MostIds))
                await LookAsync(some);
            await Task.Delay(Turn, _time, CancellationToken.None);
        }
    }

    private List<ResultWait>? Due()
    {
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            _sharing.RemoveAll(wait => wait.IsOver);
            _looking = _sharing.Count > 0 && !_stop.IsCancellationRequested;
            return _looking ? _sharing.FindAll(wait => wait.LookAt <= now) : null;
        }
    }

    private async Task LookAsync(IReadOnlyList<ResultWait> some)
    {
        try
        {
            var ask = new Ask(HttpMethod.Get, $"v1/tasks?ids={string.Join(',', some.Select(wait => wait.Id))}");
            var states = (await _producers.AskAsync(ask, _options.OutageLimit, _stop.Token)).As<TasksByIdResponse>().Items.ToDictionary(task => task.Id);
            var now = _time.GetTimestamp();
            foreach (var wait in some)
            {
                var isThere = states.TryGetValue(wait.Id, out var task);
                if (isThere && !task!.State.IsFinal())
                    wait.LookAt = now + Ticks(BetweenLooks(_time.GetElapsedTime(wait.SharesSince, now)));
                else if (isThere && task!.State != TaskState.Succeeded)
                    wait.Ended(task);
                else
                    Fetch(wait); // the result, or why there is no task
            }
        }
        catch (Exception e)
        {
            foreach (var wait in some)
                wait.Fail(e);
        }
    }

    private void Fetch(ResultWait wait)
    {
        lock (_lock)
            _sharing.Remove(wait);
        _ = FetchAsync(wait);
    }

    private async Task FetchAsync(ResultWait wait)
    {
        try
        {
            await _fetches.WaitAsync(wait.Stop);
            try
            {
                wait.Ended((await _producers.AskAsync(new Ask(HttpMethod.Get, $"v1/tasks/{wait.Id}"), _options.OutageLimit, wait.Stop)).As<TaskResponse>());
            }
            finally
            {
                _fetches.Release();
            }
        }
        catch (Exception e)
        {
            wait.Fail(e);
        }
    }

    private static TimeSpan BetweenLooks(TimeSpan waited)
    {
        var quarter = waited / 4;
        return quarter < Turn ? Turn : quarter < LongestBetweenLooks ? quarter : LongestBetweenLooks;
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);
}
