using System.Diagnostics.Metrics;

namespace Messaging.Consumers.Runtime;

/// <summary>What the runtime counts.</summary>
internal sealed class WorkerMeter
{
    /// <summary>The meter of everything about running tasks.</summary>
    public const string MeterName = "Messaging.Worker";

    private readonly Counter<long> _dropped;

    public WorkerMeter(IMeterFactory meters) => _dropped = meters.Create(MeterName).CreateCounter<long>(
        "messaging.copies.dropped", "{task}", "Delivered copies that the ledger did not grant: run elsewhere, ended, called off, or of a task that it does not know");

    /// <summary>A copy was not granted and is dropped.</summary>
    public void Dropped(string queue) => _dropped.Add(1, new KeyValuePair<string, object?>("queue", queue));
}
