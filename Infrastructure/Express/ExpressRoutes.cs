using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Express;

/// <summary>
/// Which consumer to send the next express copy to: those of a queue take turns. Read from their heartbeats once a second, while anybody asks.
/// A consumer that lets a copy go, because it is full, gone or deaf, gets none for a while.
/// </summary>
public sealed class ExpressRoutes(LedgerConnections ledger, TimeProvider time, ILogger<ExpressRoutes> log) : BackgroundService
{
    /// <summary>How long a consumer is left in peace after it let a copy go; twice as long if it lets the next one go too.</summary>
    public static readonly TimeSpan FirstRest = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest rest.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadFor = TimeSpan.FromMinutes(1);

    // All below belongs to the lock.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (TimeSpan For, long Since)> _resting = new(StringComparer.Ordinal);
    private Dictionary<string, List<string>> _channels = [];
    private int _turn;
    private long _asked = time.GetTimestamp();

    /// <summary>The channel of a consumer of the queue; null: there is none that hears, or has a slot.</summary>
    public string? Find(string queue)
    {
        lock (_lock)
        {
            _asked = time.GetTimestamp();
            if (!_channels.TryGetValue(queue, out var channels))
                return null;
            for (var looked = 0; looked < channels.Count; looked++)
            {
                _turn = (_turn + 1) % channels.Count;
                if (!_resting.TryGetValue(channels[_turn], out var resting) || time.GetElapsedTime(resting.Since) >= resting.For)
                    return channels[_turn];
            }

            return null;
        }
    }

    /// <summary>What became of a copy: whether the consumer took it.</summary>
    public void Report(string channel, bool taken)
    {
        lock (_lock)
        {
            var rested = _resting.TryGetValue(channel, out var last);
            if (taken)
                _resting.Remove(channel);
            else if (!rested)
                _resting[channel] = (FirstRest, time.GetTimestamp());
            else if (time.GetElapsedTime(last.Since) >= last.For) // else it was sent before the rest began
                _resting[channel] = (Min(2 * last.For, LongestRest), time.GetTimestamp());
        }
    }

    /// <summary>Reads the heartbeats.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger can't be reached.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var channels = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var all = new HashSet<string>(StringComparer.Ordinal);
        await using (var command = ledger.Control.CreateCommand(ExpressSql.ReadRoutes))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var channel = reader.GetString(0);
                all.Add(channel);
                foreach (var queue in reader.GetFieldValue<string[]>(1))
                {
                    if (!channels.TryGetValue(queue, out var ofQueue))
                        channels.Add(queue, ofQueue = []);
                    ofQueue.Add(channel);
                }
            }
        }

        lock (_lock)
        {
            _channels = channels;
            foreach (var gone in _resting.Where(r => !all.Contains(r.Key) && time.GetElapsedTime(r.Value.Since) > LongestRest).ToArray())
                _resting.Remove(gone.Key);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!IsAsked())
                continue;
            try
            {
                await ReadAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.RoutesNotRead(e.Message);
                lock (_lock)
                    _channels = [];
            }
        }
    }

    private bool IsAsked()
    {
        lock (_lock)
            return time.GetElapsedTime(_asked) < ReadFor;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
