using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// Whether the ledger answers, as the runtime sees it. Says so once when it stops and once when it is back, however many tasks wait
/// for it, and is the worker's health check of it.
/// </summary>
internal sealed class LedgerPulse(TimeProvider time, ILogger<LedgerPulse> log) : IHealthCheck
{
    /// <summary>How old the last answer may be for the worker to count as ready.</summary>
    public static readonly TimeSpan Recent = TimeSpan.FromSeconds(5);

    private long _lastAnswer;
    private int _inTrouble;
    private int _failures;

    /// <summary>How often it did not answer, since the start.</summary>
    public int Failures => Volatile.Read(ref _failures);

    /// <summary>The ledger has answered.</summary>
    public void Answered()
    {
        Volatile.Write(ref _lastAnswer, time.GetTimestamp());
        if (Volatile.Read(ref _inTrouble) != 0 && Interlocked.Exchange(ref _inTrouble, 0) != 0)
            log.LedgerBack();
    }

    /// <summary>The ledger did not answer; whoever asked tries again.</summary>
    public void Failed(Exception reason)
    {
        Interlocked.Increment(ref _failures);
        if (Interlocked.Exchange(ref _inTrouble, 1) == 0)
            log.LedgerAway(reason.Message);
    }

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var last = Volatile.Read(ref _lastAnswer);
        return Task.FromResult(last != 0 && time.GetElapsedTime(last) <= Recent
            ? HealthCheckResult.Healthy("The ledger answers.")
            : HealthCheckResult.Unhealthy("The ledger has not answered lately."));
    }
}
