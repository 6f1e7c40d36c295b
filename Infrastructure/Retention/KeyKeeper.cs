using Messaging.Infrastructure.Reconcile;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Submit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Retention;

/// <summary>Removes expired idempotency keys, in small steps: no transaction of it is long, and no submit waits for it.</summary>
public sealed class KeyKeeper(
    LedgerConnections ledger, Turns turns, IOptions<IdempotencyOptions> options, TimeProvider time, ILogger<KeyKeeper> log) : BackgroundService
{
    /// <summary>The most keys that one statement removes.</summary>
    public const int Step = 2_000;

    private const string Work = "idempotency-keys";

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>Removes all keys that have expired. Answers how many.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<long> RemoveExpiredAsync(CancellationToken cancellationToken)
    {
        for (var removed = 0L; ;)
        {
            await using var command = ledger.Control.CreateCommand(KeySql.RemoveExpired);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Step });
            var step = await command.ExecuteNonQueryAsync(cancellationToken);
            removed += step;
            // Fewer than that: the rest is in somebody's hands, or there is none.
            if (step < Step)
                return removed;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = options.Value.RemoveEvery;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await turns.TakeAsync(Work, interval, stoppingToken) && await RemoveExpiredAsync(stoppingToken) is > 0 and var removed)
                    log.KeysRemoved(removed);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.KeysNotRemoved(e.Message);
            }

            await Task.Delay(interval < LongestPause ? interval : LongestPause, time, stoppingToken);
        }
    }
}
