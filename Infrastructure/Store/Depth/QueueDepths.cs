using System.Collections.Concurrent;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Store.Depth;

/// <summary>
/// How many open tasks each queue holds: what the ledger counted last, plus what this process has accepted since or has under way.
/// Asking costs a dictionary look-up. It is an approximation: what other processes accepted since the last count is missing (so n producers
/// may overshoot by what n - 1 of them accept in one interval), and what has ended since is still in it (so a queue that drains opens
/// up to one interval late). While the ledger can't be counted the last count stands. Safe to use from several threads.
/// </summary>
public sealed class QueueDepths(LedgerConnections ledger, IOptions<QueueDepthOptions> options, TimeProvider time, ILogger<QueueDepths> log) : BackgroundService
{
    // 5 % of one connection's time at most, however many rows there are.
    private const int PausePerCount = 20;

    private readonly QueueDepthOptions _options = options.Value;
    private readonly ConcurrentDictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _counting = new(1);
    private volatile bool _isCounted;
    private TimeSpan _interval = options.Value.CountEvery;

    /// <summary>False until the ledger was counted for the first time.</summary>
    public bool IsCounted => _isCounted;

    /// <summary>Null if the queue has room; else what to tell who asked.</summary>
    public QueueFull? Check(string queue)
    {
        var limit = _options.LimitOf(queue);
        var depth = Of(queue);
        if (depth < limit)
            return null;
        var seconds = Math.Clamp(Math.Ceiling(_interval.TotalSeconds), 1, 60);
        return new QueueFull(queue, depth, limit, TimeSpan.FromSeconds(seconds));
    }

    /// <summary>How many open tasks a queue holds, as far as this process knows.</summary>
    public long Of(string queue) => _lanes.TryGetValue(queue, out var lane) ? lane.Depth : 0;

    /// <summary>A task is on its way into a queue. Every one must leave again.</summary>
    internal Lane Enter(string queue)
    {
        var lane = _lanes.GetOrAdd(queue, static _ => new Lane());
        lane.Enter();
        return lane;
    }

    /// <summary>Counts now.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached, or the count took longer than a minute; the last one stands.</exception>
    public async Task CountAsync(CancellationToken cancellationToken)
    {
        await _counting.WaitAsync(cancellationToken);
        try
        {
            await CountAloneAsync(cancellationToken);
            _isCounted = true;
        }
        finally
        {
            _counting.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _counting.Dispose();
    }

    private async Task CountAloneAsync(CancellationToken cancellationToken)
    {
        // What is committed from here on may or may not be in the count: it is added, and so at worst counted twice until the next one.
        foreach (var lane in _lanes.Values)
            lane.Mark();
        var counted = new Dictionary<string, long>(StringComparer.Ordinal);
        await using (var command = ledger.Control.CreateCommand(QueueDepthSql.Count))
        {
            command.CommandTimeout = 60;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                counted[reader.GetString(0)] = reader.GetInt64(1);
        }

        foreach (var queue in counted.Keys)
            _lanes.GetOrAdd(queue, static _ => new Lane());
        foreach (var (queue, lane) in _lanes)
        {
            lane.Counted(counted.GetValueOrDefault(queue));
            // Names come and go. Whoever enters a lane at this very moment is missing until the next count.
            if (lane.Depth == 0)
                _lanes.TryRemove(queue, out _);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            try
            {
                await CountAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.QueuesNotCounted(e.Message);
            }

            var pause = time.GetElapsedTime(began) * PausePerCount;
            _interval = pause > _options.CountEvery ? pause : _options.CountEvery;
            await Task.Delay(_interval, time, stoppingToken);
        }
    }

    /// <summary>One queue's numbers.</summary>
    internal sealed class Lane
    {
        private long _counted;
        private long _underWay;
        private long _committed;
        private long _mark;

        public long Depth => Volatile.Read(ref _counted) + Volatile.Read(ref _underWay) + Volatile.Read(ref _committed);

        public void Enter() => Interlocked.Increment(ref _underWay);

        public void Leave(bool committed)
        {
            // In this order, so that nobody sees room that is not there.
            if (committed)
                Interlocked.Increment(ref _committed);
            Interlocked.Decrement(ref _underWay);
        }

        public void Mark() => _mark = Volatile.Read(ref _committed);

        public void Counted(long rows)
        {
            Volatile.Write(ref _counted, rows);
            Interlocked.Add(ref _committed, -_mark);
            _mark = 0;
        }
    }
}
