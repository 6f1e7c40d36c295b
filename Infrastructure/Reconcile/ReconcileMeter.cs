using System.Diagnostics.Metrics;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>
/// What the reconciler publishes. Repairs are counted where they are made; the gauges say in every process what the last comparison
/// found, whichever process made it.
/// </summary>
public sealed class ReconcileMeter
{
    /// <summary>The meter of everything about the ledger.</summary>
    public const string MeterName = "Messaging.Ledger";

    private readonly Counter<long> _repairs;
    private LedgerReport? _last;

    /// <summary>Creates the instruments.</summary>
    public ReconcileMeter(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _repairs = meter.CreateCounter<long>("messaging.ledger.repairs", "{task}", "Tasks that the reconciler put right, by sort");
        meter.CreateObservableGauge("messaging.ledger.unaccounted", () => Of(r => r.Unaccounted), "{task}", "Accepted tasks that are neither open nor ended; 0 when all is well");
        meter.CreateObservableGauge("messaging.ledger.overdue", () => Of(r => r.Overdue), "{task}", "Tasks due for more than a minute and not queued");
        meter.CreateObservableGauge("messaging.ledger.outbox.lag", () => Of(r => r.OutboxLag.TotalSeconds), "s", "Age of the oldest outbox row");
        meter.CreateObservableGauge("messaging.ledger.open", OpenByState, "{task}", "Unfinished tasks, by state");
    }

    /// <summary>Takes the report that the gauges show from now on.</summary>
    public void Show(LedgerReport report) => Volatile.Write(ref _last, report);

    internal void Repaired(string sort, long tasks) => _repairs.Add(tasks, new KeyValuePair<string, object?>("sort", sort));

    private IEnumerable<Measurement<T>> Of<T>(Func<LedgerReport, T> value)
        where T : struct => Volatile.Read(ref _last) is { CheckedAt: not null } report ? [new Measurement<T>(value(report))] : [];

    private IEnumerable<Measurement<long>> OpenByState() => Volatile.Read(ref _last) is not { CheckedAt: not null } report
        ? []
        : [Open("scheduled", report.Scheduled), Open("waiting", report.Waiting), Open("queued", report.Queued), Open("running", report.Running)];

    private static Measurement<long> Open(string state, long tasks) => new(tasks, new KeyValuePair<string, object?>("state", state));
}
