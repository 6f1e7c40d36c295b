using System.Threading.Channels;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.GroupCommit;
using Messaging.Tests.Support;

namespace Messaging.Tests.Unit.Infrastructure.Store.GroupCommit;

/// <summary>Which items go together, and when a second batch goes beside the first. What a ledger makes of them: the tests of the stages.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(10_000)]
public sealed class GroupCommitWriterTests : IAsyncDisposable
{
    private readonly AsyncLocal<string?> _caller = new();
    private readonly HeldTimers _time = new();
    private readonly Channel<Batch> _begun = Channel.CreateUnbounded<Batch>();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GroupCommitWriter<int, int> _writer;

    // Three items, or a weight of 100, make a batch full; an item weighs what it is.
    public GroupCommitWriterTests() => _writer = new GroupCommitWriter<int, int>(
        new GroupCommitOptions { Name = "test", MaxItems = 3, MaxBytes = 100, Capacity = 6, CapacityBytes = 1_000, MaxWait = TimeSpan.FromMinutes(1) },
        item => item,
        WriteAsync,
        _time);

    public async ValueTask DisposeAsync()
    {
        _over.SetResult(); // what a failed test has left under way
        await _writer.DisposeAsync();
    }

    [Test]
    public async Task What_comes_alone_goes_alone(CancellationToken cancellationToken)
    {
        var answer = _writer.AddAsync(7, cancellationToken);
        var batch = await NextAsync(cancellationToken);

        Assert.That(batch.Items, Is.EqualTo(new[] { 7 }));
        batch.Commit();
        Assert.That(await answer, Is.EqualTo(-7));
    }

    [Test]
    public async Task After_a_quiet_while_it_is_written_from_its_callers_thread_and_else_from_another(CancellationToken cancellationToken)
    {
        _time.Step(TimeSpan.FromMilliseconds(6));
        var (answer, quiet) = await AddFromThreadAsync(1, cancellationToken);
        quiet.Commit();
        await answer;
        await Eventually.TrueAsync(() => _writer.IsIdle, cancellationToken: cancellationToken);
        var (nextAnswer, busy) = await AddFromThreadAsync(2, cancellationToken);
        busy.Commit();
        await nextAnswer;
        await Eventually.TrueAsync(() => _writer.IsIdle, cancellationToken: cancellationToken);
        _time.Step(TimeSpan.FromMilliseconds(6));
        var (_, again) = await AddFromThreadAsync(3, cancellationToken);
        again.Commit();

        Assert.That((quiet.IsOnPool, busy.IsOnPool, again.IsOnPool), Is.EqualTo((false, true, false)));
        Assert.That(quiet.Caller, Is.Null, "and not in its context either way");
    }

    [Test]
    public async Task A_batch_does_not_run_in_the_context_of_who_began_it(CancellationToken cancellationToken)
    {
        _caller.Value = "one of many";
        var batch = await BeginAsync(cancellationToken, 1);

        Assert.That(batch.Caller, Is.Null);
        batch.Commit();
    }

    [Test]
    public async Task What_comes_while_one_is_under_way_goes_together_after_it(CancellationToken cancellationToken)
    {
        var first = await BeginAsync(cancellationToken, 1);
        var answers = Add(cancellationToken, 2, 3);
        Assert.That(_time.IsSet, "it waits");
        first.Commit();
        var second = await NextAsync(cancellationToken);

        Assert.That(second.Items, Is.EqualTo(new[] { 2, 3 }));
        second.Commit();
        Assert.That(await answers, Is.EqualTo(new[] { -2, -3 }));
    }

    [Test]
    public async Task A_full_batch_goes_beside_one_that_is_under_way([Values("1 2 3", "60 40")] string full, CancellationToken cancellationToken)
    {
        int[] items = [.. full.Split(' ').Select(int.Parse)];
        var first = await BeginAsync(cancellationToken, 9);
        var answers = Add(cancellationToken, items);
        var second = await NextAsync(cancellationToken);

        Assert.That(second.Items, Is.EqualTo(items));
        second.Commit();
        await answers;
        first.Commit();
    }

    [Test]
    public async Task No_third_goes_beside_two(CancellationToken cancellationToken)
    {
        var first = await BeginAsync(cancellationToken, 9);
        var second = await BeginAsync(cancellationToken, 1, 2, 3);
        var answers = Add(cancellationToken, 4, 5, 6);
        _time.Fire();
        second.Commit();
        var third = await NextAsync(cancellationToken);

        Assert.That(third.Items, Is.EqualTo(new[] { 4, 5, 6 }), "full: it does not wait for the first");
        third.Commit();
        await answers;
        first.Commit();
    }

    [Test]
    public async Task What_waits_behind_a_slow_batch_does_not_wait_for_its_end(CancellationToken cancellationToken)
    {
        var slow = await BeginAsync(cancellationToken, 1);
        for (var i = 2; i < 6; i++)
        {
            var answer = Add(cancellationToken, i);
            await _time.SetAsync(cancellationToken);
            _time.Fire();
            Assert.That(_time.IsSet, "too early: the clock has not moved since the last batch");
            await _time.SetAsync(cancellationToken);
            _time.Step(TimeSpan.FromMilliseconds(50));
            _time.Fire();
            var other = await NextAsync(cancellationToken);

            Assert.That(other.Items, Is.EqualTo(new[] { i }));
            other.Commit();
            await answer;
        }

        slow.Commit();
    }

    [Test]
    public async Task What_is_left_when_the_helper_ends_is_not_forgotten(CancellationToken cancellationToken)
    {
        var slow = await BeginAsync(cancellationToken, 1);
        var first = Add(cancellationToken, 2);
        await _time.SetAsync(cancellationToken);
        _time.Step(TimeSpan.FromMilliseconds(50));
        _time.Fire();
        var helper = await NextAsync(cancellationToken);
        var rest = Add(cancellationToken, 3); // two are under way: it sets no timer
        helper.Commit();
        await first;
        await _time.SetAsync(cancellationToken);
        _time.Step(TimeSpan.FromMilliseconds(50));
        _time.Fire();
        var last = await NextAsync(cancellationToken);
        Assert.That(last.Items, Is.EqualTo(new[] { 3 }));
        last.Commit();
        await rest;
        slow.Commit();
    }

    [Test]
    public async Task What_gave_up_before_it_had_room_fills_no_batch(CancellationToken cancellationToken)
    {
        var first = await BeginAsync(cancellationToken, 9);
        var second = await BeginAsync(cancellationToken, 1, 2, 3);
        var waiting = Add(cancellationToken, 4, 5, 6, 4, 5, 6);
        using var hurry = new CancellationTokenSource();
        var late = _writer.AddAsync(99, hurry.Token).AsTask();
        await hurry.CancelAsync();
        Assert.That(async () => await late, Throws.InstanceOf<OperationCanceledException>());

        foreach (var batch in new[] { first, second, await CommitNextAsync(first, cancellationToken), await CommitNextAsync(second, cancellationToken) })
            batch.Commit();
        await waiting;
        var under = await BeginAsync(cancellationToken, 7);
        _time.Fire();
        var answers = Add(cancellationToken, 8);
        Assert.That(_time.IsSet, "it waits: only with the 99 would it be full");
        under.Commit();
        (await NextAsync(cancellationToken)).Commit();
        await answers;
    }

    [Test]
    public async Task Its_end_waits_for_what_was_taken(CancellationToken cancellationToken)
    {
        var first = await BeginAsync(cancellationToken, 1);
        var answers = Add(cancellationToken, 2, 3);
        var end = _writer.DisposeAsync().AsTask();
        Assert.That(async () => await _writer.AddAsync(4, cancellationToken), Throws.InstanceOf<LedgerUnavailableException>());
        first.Commit();
        var second = await NextAsync(cancellationToken);
        Assert.That(end.IsCompleted, Is.False);
        second.Commit();

        await end;
        Assert.That(await answers, Is.EqualTo(new[] { -2, -3 }));
    }

    private Task<int[]> Add(CancellationToken cancellationToken, params int[] items) =>
        Task.WhenAll(items.Select(item => _writer.AddAsync(item, cancellationToken).AsTask()));

    private async Task<Batch> BeginAsync(CancellationToken cancellationToken, params int[] items)
    {
        _ = Add(cancellationToken, items);
        var batch = await NextAsync(cancellationToken);
        Assert.That(batch.Items, Is.EqualTo(items));
        return batch;
    }

    /// <summary>Adds one from a thread that is not the pool's.</summary>
    private async Task<(ValueTask<int> Answer, Batch Batch)> AddFromThreadAsync(int item, CancellationToken cancellationToken)
    {
        ValueTask<int> answer = default;
        var thread = new Thread(() =>
        {
            _caller.Value = "one of many";
            answer = _writer.AddAsync(item, cancellationToken);
        });
        thread.Start();
        thread.Join();
        return (answer, await NextAsync(cancellationToken));
    }

    private async Task<Batch> CommitNextAsync(Batch before, CancellationToken cancellationToken)
    {
        before.Commit();
        return await NextAsync(cancellationToken);
    }

    private ValueTask<Batch> NextAsync(CancellationToken cancellationToken) => _begun.Reader.ReadAsync(cancellationToken);

    private async Task<int[]> WriteAsync(IReadOnlyList<int> items, bool retry, CancellationToken cancellationToken)
    {
        var batch = new Batch(items, _caller.Value);
        _begun.Writer.TryWrite(batch);
        await Task.WhenAny(batch.Committed, _over.Task);
        return [.. items.Select(item => -item)];
    }

    /// <summary>A batch that is under way until the test says that it is committed.</summary>
    private sealed class Batch(IReadOnlyList<int> items, string? caller)
    {
        private readonly TaskCompletionSource _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<int> Items { get; } = items;

        public string? Caller { get; } = caller;

        public bool IsOnPool { get; } = Thread.CurrentThread.IsThreadPoolThread;

        public Task Committed => _committed.Task;

        public void Commit() => _committed.TrySetResult();
    }

    /// <summary>A clock that moves, and a timer that fires, when the test says so.</summary>
    private sealed class HeldTimers : TimeProvider
    {
        private readonly Channel<bool> _sets = Channel.CreateUnbounded<bool>();
        private readonly List<Held> _own = []; // the writer's
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public bool IsSet => _own[0].IsSet;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Step(TimeSpan by) => Volatile.Write(ref _ticks, _ticks + by.Ticks);

        /// <summary>Returns when the timer has been set once more than this was asked.</summary>
        public ValueTask<bool> SetAsync(CancellationToken cancellationToken) => _sets.Reader.ReadAsync(cancellationToken);

        public void Fire() => _own[0].Fire();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            // The writer makes its own first; those of single tries come later and never run out here.
            if (_own.Count > 0)
                return new Held(_ => { }, null, null);
            _own.Add(new Held(callback, state, _sets.Writer));
            return _own[0];
        }

        private sealed class Held(TimerCallback callback, object? state, ChannelWriter<bool>? sets) : ITimer
        {
            private int _set;

            public bool IsSet => Volatile.Read(ref _set) == 1;

            public void Fire()
            {
                if (Interlocked.Exchange(ref _set, 0) == 1)
                    callback(state);
            }

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Volatile.Write(ref _set, 1);
                sets?.TryWrite(true);
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
