using Npgsql;

namespace Messaging.Tests.Benchmarks.Servers;

/// <summary>Looks ten times a second, in the ledger, when the consumer processes last gave a sign of life, until it is disposed.</summary>
internal sealed class WorkerWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Guid> _workers = [];
    private readonly Task _looking;

    /// <summary>Begins.</summary>
    /// <param name="connectionString">The ledger's database.</param>
    public WorkerWatch(string connectionString) => _looking = Task.Run(() => LookAsync(connectionString));

    /// <summary>The longest time that a heartbeat was in the past. Below a second or so all is well; after 12 a process is declared dead.</summary>
    public TimeSpan OldestBeat { get; private set; }

    /// <summary>How many consumers were seen; one that was declared dead comes back under another id, and counts twice. Final once disposed.</summary>
    public int Workers => _workers.Count;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _stop.Dispose();
    }

    private async Task LookAsync(string connectionString)
    {
        await using var ledger = NpgsqlDataSource.Create(connectionString);
        using var timer = new PeriodicTimer(Interval);
        try
        {
            do
            {
                await using var command = ledger.CreateCommand("SELECT id, clock_timestamp() - beat_at FROM messaging.workers WHERE role = 'consumer'");
                await using var rows = await command.ExecuteReaderAsync(CancellationToken.None);
                while (await rows.ReadAsync(CancellationToken.None))
                {
                    _workers.Add(rows.GetGuid(0));
                    OldestBeat = rows.GetTimeSpan(1) is var age && age > OldestBeat ? age : OldestBeat;
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
