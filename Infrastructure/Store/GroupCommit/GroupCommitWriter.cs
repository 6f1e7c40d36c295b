using System.Threading.Channels;

namespace Messaging.Infrastructure.Store.GroupCommit;

/// <summary>
/// Many callers, few round trips. Callers await their own item; what has gathered is written in one transaction. There is no artificial delay: an
/// item that comes alone is written alone at once, and what comes meanwhile goes together when that is done. A second batch goes beside
/// one that is under way only if it is full, or if that one is slow: two half as large cost a third more (docs/decisions/0049).
/// A data error bisects the batch until the bad item fails alone. Trouble with the ledger retries the whole batch until an item has
/// waited <see cref="GroupCommitOptions.MaxWait"/>; its caller then gets <see cref="LedgerUnavailableException"/>. That holds also while the
/// ledger is silent: a try is called off when its oldest item has waited that long, which takes the driver a few seconds more.
/// </summary>
/// <typeparam name="TItem">What is written.</typeparam>
/// <typeparam name="TAnswer">What a caller learns of its item after the commit.</typeparam>
public sealed class GroupCommitWriter<TItem, TAnswer> : IAsyncDisposable
{
    /// <summary>Writes a batch in one transaction and answers each item in order.</summary>
    /// <param name="items">The batch; at least one item.</param>
    /// <param name="retry">True if an earlier try for these items may have committed although its answer was lost.</param>
    /// <param name="cancellationToken">Cancelled when the writer is disposed and its patience is over.</param>
    public delegate Task<TAnswer[]> WriteBatch(IReadOnlyList<TItem> items, bool retry, CancellationToken cancellationToken);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // A batch that takes longer waits for a lock or a slow disk; the others need not.
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(50);

    // After so long without any, an item is written from its caller's own thread, until the batch is on its way: waking another takes longer. When
    // more come, that other thread is what gives them time to gather.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(5);

    // However short the wait allowed: a first connection and a first plan on a busy machine take their time.
    private static readonly TimeSpan ShortestTry = TimeSpan.FromSeconds(3);

    // The batch is not the caller's alone.
    private static readonly ExecutionContext Nobodys = CaptureNobodys();

    // Fixed after construction.
    private readonly GroupCommitOptions _options;
    private readonly Func<TItem, int> _weigh;
    private readonly WriteBatch _write;
    private readonly TimeProvider _time;
    private readonly Channel<Entry> _waiting;
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _patience;

    private long _bytes;

    // All below belongs to the lock.
    private readonly Lock _lock = new();
    private long _bytesWaiting; // of what no batch has taken yet
    private int _writing; // writers at work
    private long _batchSince; // when one of them took its last batch
    private long _endedAt; // when there was last one at work
    private bool _patient; // the timer runs
    private TaskCompletionSource? _idle;

    /// <summary>A writer that has nothing to do yet.</summary>
    /// <param name="options">Bounds.</param>
    /// <param name="weigh">An item's weight in bytes.</param>
    /// <param name="write">Writes one batch.</param>
    /// <param name="time">Clock for waits.</param>
    public GroupCommitWriter(GroupCommitOptions options, Func<TItem, int> weigh, WriteBatch write, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _weigh = weigh;
        _write = write;
        _time = time;
        _waiting = Channel.CreateBounded<Entry>(new BoundedChannelOptions(options.Capacity) { SingleReader = false, SingleWriter = false });
        _patience = time.CreateTimer(_ => HelpTheSlow(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many items wait to be taken into a batch.</summary>
    public int Waiting => _waiting.Reader.Count;

    /// <summary>True while nothing is under way.</summary>
    internal bool IsIdle
    {
        get
        {
            lock (_lock)
                return _writing == 0;
        }
    }

    /// <summary>Hands an item over and answers when it is committed.</summary>
    /// <exception cref="LedgerUnavailableException">It waited too long, for room or for the ledger, or this process is stopping.</exception>
    /// <exception cref="Npgsql.PostgresException">The item's own data is at fault.</exception>
    public async ValueTask<TAnswer> AddAsync(TItem item, CancellationToken cancellationToken)
    {
        var weight = _weigh(item);
        var entry = new Entry(item, _time.GetTimestamp());
        try
        {
            if (Interlocked.Add(ref _bytes, weight) is var bytes && bytes > _options.CapacityBytes && bytes > weight)
                throw new LedgerUnavailableException($"The ledger is busy: {bytes} bytes wait for a {_options.Name}.");
            if (!_waiting.Writer.TryWrite(entry))
                await WaitForRoomAsync(entry, cancellationToken);
            Wake(weight);
            return await entry.Answer.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            entry.Answer.TrySetCanceled(cancellationToken); // what nobody waits for any more is not written, unless that has begun
            throw;
        }
        finally
        {
            Interlocked.Add(ref _bytes, -weight);
        }
    }

    /// <summary>Writes what still waits, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_waiting.Writer.TryComplete())
            return;
        var patience = _options.MaxWait == Timeout.InfiniteTimeSpan ? TimeSpan.FromSeconds(10) : _options.MaxWait;
        _stop.CancelAfter(patience);
        while (BeginWait() is { } idle)
            await idle;
        await _patience.DisposeAsync();
        _stop.Dispose();
    }

    private async ValueTask WaitForRoomAsync(Entry entry, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_options.MaxWait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await _waiting.Writer.WriteAsync(entry, either.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new LedgerUnavailableException($"The ledger is busy: no room for another {_options.Name} within {_options.MaxWait.TotalSeconds:0.#} s.");
        }
        catch (ChannelClosedException)
        {
            throw new LedgerUnavailableException($"This process is stopping: it takes no more {_options.Name}s.");
        }
    }

    private static ExecutionContext CaptureNobodys()
    {
        ExecutionContext? captured = null;
        var thread = new Thread(() => captured = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return captured!;
    }

    /// <summary>Something has come: a writer begins if there is none, or if there is enough for another.</summary>
    private void Wake(int weight)
    {
        bool quiet;
        lock (_lock)
        {
            _bytesWaiting += weight;
            if (_writing > 0 && (_writing == _options.Writers || !IsFull()))
            {
                BePatient();
                return;
            }

            quiet = ++_writing == 1 && _time.GetElapsedTime(_endedAt) > Quiet;
        }

        // What a caller's own scheduler runs is at its mercy.
        if (quiet && SynchronizationContext.Current is null && TaskScheduler.Current == TaskScheduler.Default)
            ExecutionContext.Run(Nobodys, static writer => _ = ((GroupCommitWriter<TItem, TAnswer>)writer!).WriteAllAsync(), this);
        else
            StartWriter();
    }

    /// <summary>Without the context of whoever has called: the batch is not theirs alone.</summary>
    private void StartWriter() => ThreadPool.UnsafeQueueUserWorkItem(static writer => _ = writer.WriteAllAsync(), this, preferLocal: true);

    private async Task WriteAllAsync()
    {
        var batch = new List<Entry>();
        do
        {
            batch.Clear();
            Take(batch);
            if (batch.Count > 0)
                await WriteAsync([.. batch], retry: false); // never throws
        }
        while (GoesOn());
    }

    private void Take(List<Entry> batch)
    {
        var (bytes, taken) = (0, 0L);
        while (batch.Count < _options.MaxItems && bytes < _options.MaxBytes && _waiting.Reader.TryRead(out var entry))
        {
            var weight = _weigh(entry.Item);
            taken += weight;
            if (entry.Answer.Task.IsCompleted)
                continue;
            if (IsLate(entry))
            {
                entry.Answer.TrySetException(TooLate(null));
                continue;
            }

            batch.Add(entry);
            bytes += weight;
        }

        lock (_lock)
        {
            _bytesWaiting -= taken; // of an item that is quicker than its caller's Wake too: for that moment there is less
            _batchSince = _time.GetTimestamp();
        }
    }

    /// <summary>True: write another batch. False: this writer has ended, and the next item starts another.</summary>
    private bool GoesOn()
    {
        TaskCompletionSource? idle = null;
        lock (_lock)
        {
            if (_waiting.Reader.Count > 0 && (_writing == 1 || IsFull()))
                return true;
            if (--_writing == 0)
                (idle, _idle, _endedAt) = (_idle, null, _time.GetTimestamp());
            else if (_waiting.Reader.Count > 0)
                BePatient();
        }

        idle?.TrySetResult();
        return false;
    }

    private bool IsFull() => _waiting.Reader.Count >= _options.MaxItems || _bytesWaiting >= _options.MaxBytes;

    /// <summary>Sees to it that what waits behind a slow batch does not wait for its end.</summary>
    private void BePatient()
    {
        if (_patient || _writing == _options.Writers)
            return;
        _patient = true;
        _patience.Change(Slow, Timeout.InfiniteTimeSpan);
    }

    private void HelpTheSlow()
    {
        lock (_lock)
        {
            _patient = false;
            if (_writing == 0 || _writing == _options.Writers || _waiting.Reader.Count == 0)
                return;
            if (_time.GetElapsedTime(_batchSince) < Slow)
            {
                BePatient();
                return;
            }

            _writing++;
        }

        StartWriter();
    }

    /// <summary>Null: nothing waits and nothing is under way. Else completes when a writer has ended, after which to ask again.</summary>
    private Task? BeginWait()
    {
        lock (_lock)
        {
            if (_writing == 0)
            {
                if (_waiting.Reader.Count == 0)
                    return null;
                _writing++;
                StartWriter();
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    private async Task WriteAsync(Entry[] batch, bool retry)
    {
        var items = Array.ConvertAll(batch, e => e.Item);
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            using var limit = LimitOfTry(batch);
            using var either = limit is null ? null : CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
            try
            {
                var answers = await _write(items, retry, either?.Token ?? _stop.Token);
                for (var i = 0; i < batch.Length; i++)
                    batch[i].Answer.TrySetResult(answers[i]);
                return;
            }
            catch (Exception e) when (LedgerErrors.IsDataError(e) && batch.Length > 1)
            {
                await WriteAsync(batch[..(batch.Length / 2)], retry);
                await WriteAsync(batch[(batch.Length / 2)..], retry);
                return;
            }
            catch (Exception e) when ((LedgerErrors.IsTransient(e) || IsCalledOff(e, limit)) && !_stop.IsCancellationRequested)
            {
                retry |= LedgerErrors.IsUnclear(e) || IsCalledOff(e, limit);
                batch = GiveUpOnTheOldest(batch, e);
                items = Array.ConvertAll(batch, entry => entry.Item);
                if (batch.Length == 0)
                    return;
            }
            catch (Exception e)
            {
                var answer = LedgerErrors.IsDataError(e) ? e : new LedgerUnavailableException($"The ledger could not take a {_options.Name}: {e.Message}", e);
                foreach (var entry in batch)
                    entry.Answer.TrySetException(answer);
                return;
            }

            await Task.Delay(pause, _time, CancellationToken.None);
        }
    }

    /// <summary>Answers the items that have waited long enough, and keeps the others.</summary>
    private Entry[] GiveUpOnTheOldest(Entry[] batch, Exception reason)
    {
        var late = batch.Where(IsLate).ToArray();
        foreach (var entry in late)
            entry.Answer.TrySetException(TooLate(reason));
        return late.Length == 0 ? batch : [.. batch.Except(late)];
    }

    private bool IsLate(Entry entry) => _options.MaxWait != Timeout.InfiniteTimeSpan && _time.GetElapsedTime(entry.Since) >= _options.MaxWait;

    private LedgerUnavailableException TooLate(Exception? reason) =>
        new($"The ledger did not answer a {_options.Name} within {_options.MaxWait.TotalSeconds:0.#} s.", reason);

    /// <summary>Runs out when the oldest item has waited long enough. Null: there is no such limit, the statement's own time-out must do.</summary>
    private CancellationTokenSource? LimitOfTry(Entry[] batch)
    {
        if (_options.MaxWait == Timeout.InfiniteTimeSpan)
            return null;
        var left = _options.MaxWait - _time.GetElapsedTime(batch.Min(e => e.Since));
        return new CancellationTokenSource(left > ShortestTry ? left : ShortestTry, _time);
    }

    private static bool IsCalledOff(Exception error, CancellationTokenSource? limit) =>
        error is OperationCanceledException && limit is { IsCancellationRequested: true };

    private sealed class Entry(TItem item, long since)
    {
        public TItem Item { get; } = item;

        public long Since { get; } = since;

        public TaskCompletionSource<TAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
