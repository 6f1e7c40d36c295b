using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Retention;

/// <summary>
/// Drops old days whole. What must stay of them (open tasks, dead letters, what ended lately) moves into small partitions of the same
/// range first, so that reads need no other place to look. See docs/decisions/0020.
/// </summary>
public sealed class RetentionKeeper(
    LedgerConnections ledger, Turns turns, IOptions<RetentionOptions> options, TimeProvider time, ILogger<RetentionKeeper> log) : BackgroundService
{
    // Copying what is kept of a large day takes time, without a lock.
    private const int LongestSeconds = 600;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly RetentionOptions _options = options.Value;

    /// <summary>Retires every day that is old enough. Answers how many; null: one could not be locked in time, and nothing waits for us.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<int?> RetireAsync(CancellationToken cancellationToken)
    {
        await using (var forget = ledger.Control.CreateCommand(RetentionSql.ForgetOperations))
        {
            forget.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = _options.DeadLetters });
            await forget.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var forget = ledger.Control.CreateCommand(AuditSql.Forget))
        {
            forget.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = _options.Audit });
            await forget.ExecuteNonQueryAsync(cancellationToken);
        }

        var retired = 0;
        foreach (var day in await ReadOldDaysAsync(cancellationToken))
        {
            try
            {
                if (await RetireAsync(day, cancellationToken) is not { } kept)
                    continue;
                retired++;
                log.DayRetired(day, kept);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                log.DayNotRetired(day, _options.RetryAfter.TotalSeconds, e.MessageText);
                return null;
            }
        }

        return retired;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = _options.Interval < LookEvery ? _options.Interval : LookEvery;
            try
            {
                while (await turns.TakeAsync("retention", _options.Interval, stoppingToken) && await RetireAsync(stoppingToken) is null)
                    await turns.PostponeAsync("retention", _options.RetryAfter, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.NotLooked(e.Message);
            }

            await Task.Delay(pause < _options.RetryAfter ? pause : _options.RetryAfter, time, stoppingToken);
        }
    }

    private async Task<List<DateOnly>> ReadOldDaysAsync(CancellationToken cancellationToken)
    {
        var days = new List<DateOnly>();
        await using var command = ledger.Control.CreateCommand(RetentionSql.OldDays);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = _options.Finished });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            days.Add(await reader.GetFieldValueAsync<DateOnly>(0, cancellationToken));
        return days;
    }

    private async Task<long?> RetireAsync(DateOnly day, CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(RetentionSql.Retire);
        command.CommandTimeout = LongestSeconds;
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = _options.Finished });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = _options.DeadLetters });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = _options.LockWait });
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }
}
