using Messaging.Infrastructure.Store.Expire;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Scheduling;

/// <summary>
/// Ends tasks that have not started by their deadline, at most <see cref="Interval"/> later. A claim in between is refused all the
/// same. Any number of processes may run it side by side.
/// </summary>
public sealed class DeadlineSweeper(ExpireStage expire, TimeProvider time, ILogger<DeadlineSweeper> log) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await expire.SweepAsync(stoppingToken) == ExpireStage.BatchSize)
                    continue;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.NotExpired(e.Message);
            }

            await Task.Delay(Interval, time, stoppingToken);
        }
    }
}
