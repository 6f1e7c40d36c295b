using Messaging.Infrastructure.Maintenance;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Kinds;

namespace Messaging.Consumers.Runtime;

/// <summary>Registers this worker's kinds before it takes its first task, and then says every second how long their attempts run.</summary>
internal sealed class KindAnnouncer(
    KindRegistry registry,
    HandlerRegistry handlers,
    InstanceIdentity identity,
    InstanceProfile profile,
    LedgerPulse pulse,
    TimeProvider time,
    ILogger<KindAnnouncer> log)
    : BackgroundService
{
    /// <summary>How often means are published, if any changed.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RegisterAsync(cancellationToken);
        pulse.Answered();
        log.Started(identity.Id, profile.Slots, string.Join(", ", profile.Queues), string.Join(", ", profile.Kinds));
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var means = new Dictionary<string, TimeSpan>();
            foreach (var handler in handlers.All)
            {
                if (handler.MeanRun.TryTakeChanged(out var mean))
                    means[handler.Kind.Name] = mean;
            }

            if (means.Count > 0)
                await PublishAsync(means, stoppingToken);
        }
    }

    /// <summary>A ledger that goes away right after the start is no reason to end.</summary>
    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await registry.UpsertAsync([.. handlers.All.Select(handler => handler.Kind)], cancellationToken);
                return;
            }
            catch (Exception e) when (LedgerErrors.IsTransient(e))
            {
                pulse.Failed(e);
            }

            if (!await Backoff.PauseAsync(tries, time, cancellationToken))
                cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task PublishAsync(Dictionary<string, TimeSpan> means, CancellationToken cancellationToken)
    {
        try
        {
            await registry.PublishMeansAsync(means, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            pulse.Failed(e); // the next attempts bring a newer mean
        }
    }
}
