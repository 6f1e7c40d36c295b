using Messaging.Infrastructure.Store.Ids;
using Npgsql;

namespace Messaging.Infrastructure.Store.Connections;

/// <summary>
/// The ledger's clock as seen from this process: Postgres's time when last read, carried on by the monotonic clock. The host's own
/// wall clock may be minutes wrong without harm. Read at start and again with every heartbeat.
/// </summary>
public sealed class LedgerClock(LedgerConnections connections, TimeProvider time)
{
    private sealed record Reading(DateTimeOffset LedgerTime, long Timestamp);

    private readonly ConsecutiveIds _taskIds = new();

    private Reading? _reading;

    /// <summary>Postgres's time now, to within a round trip.</summary>
    /// <exception cref="InvalidOperationException">The clock was never read: <see cref="ReadAsync"/> comes first.</exception>
    public DateTimeOffset Now
    {
        get
        {
            var reading = Volatile.Read(ref _reading) ?? throw new InvalidOperationException("The ledger's clock was not read yet.");
            return reading.LedgerTime + time.GetElapsedTime(reading.Timestamp);
        }
    }

    /// <summary>A new UUIDv7 with the ledger's time in it, so that its row falls into a partition that exists.</summary>
    public Guid NewId() => Guid.CreateVersion7(Now);

    /// <summary>The same for a task: those of one millisecond follow each other (<see cref="ConsecutiveIds"/>).</summary>
    public Guid NewTaskId() => _taskIds.Next(Now);

    /// <summary>Reads Postgres's clock.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        // Making a connection can take seconds on a busy machine, which would be a clock that is fast by as much.
        await using var connection = await connections.Control.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        var before = time.GetTimestamp();
        var ledgerTime = (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
        Correct(new DateTimeOffset(ledgerTime, TimeSpan.Zero), before);
    }

    /// <summary>Takes a reading that somebody else's statement brought along.</summary>
    /// <param name="ledgerTime">What Postgres's clock said.</param>
    /// <param name="timestamp">The <see cref="TimeProvider"/> timestamp just before it was asked.</param>
    public void Correct(DateTimeOffset ledgerTime, long timestamp) => Volatile.Write(ref _reading, new Reading(ledgerTime, timestamp));
}
