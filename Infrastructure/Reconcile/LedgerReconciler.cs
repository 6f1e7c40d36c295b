using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>
/// The loop of the reconciler: looks after markers and compares the ledger with itself, each when it is due and nobody else has done
/// it, and shows what the last comparison found. Runs in every process.
/// </summary>
public sealed class LedgerReconciler(
    Turns turns,
    LedgerComparison comparison,
    QueueMarkers markers,
    LedgerReports reports,
    ReconcileMeter meter,
    IOptions<ReconcileOptions> options,
    TimeProvider time,
    ILogger<LedgerReconciler> log) : BackgroundService
{
    private readonly ReconcileOptions _options = options.Value;

    /// <summary>Compares now, and sends a marker through each queue that has queued tasks.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The ledger can't be reached.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var queue in await comparison.CompareAsync(cancellationToken))
            await markers.SendAsync(queue, cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = _options.MarkerInterval < _options.Interval ? _options.MarkerInterval : _options.Interval;
        using var timer = new PeriodicTimer(pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await turns.TakeAsync("markers", _options.MarkerInterval, stoppingToken))
                    await markers.LookAfterAsync(stoppingToken);
                if (await turns.TakeAsync("check", _options.Interval, stoppingToken))
                    await CheckAsync(stoppingToken);
                meter.Show(await reports.ReadAsync(stoppingToken));
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.NotChecked(pause.TotalSeconds, e.Message);
            }
        }
    }
}
