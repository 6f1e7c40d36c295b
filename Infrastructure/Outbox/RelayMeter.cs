using System.Diagnostics.Metrics;

namespace Messaging.Infrastructure.Outbox;

/// <summary>What the relay counts: tasks and packs published, sends failed, all by queue.</summary>
internal sealed class RelayMeter
{
    /// <summary>The meter of everything about the outbox.</summary>
    public const string MeterName = "Messaging.Outbox";

    private readonly Counter<long> _tasks;
    private readonly Counter<long> _packs;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _taken;

    public RelayMeter(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _tasks = meter.CreateCounter<long>("messaging.relay.tasks", "{task}", "Tasks published and confirmed");
        _packs = meter.CreateCounter<long>("messaging.relay.packs", "{message}", "Messages published and confirmed");
        _failures = meter.CreateCounter<long>("messaging.relay.failures", "{message}", "Sends that failed and are repeated");
        _taken = meter.CreateCounter<long>("messaging.relay.express", "{task}", "Tasks that started by their express copy, before another was sent");
    }

    public void Published(string queue, int tasks)
    {
        var tag = new KeyValuePair<string, object?>("queue", queue);
        _tasks.Add(tasks, tag);
        _packs.Add(1, tag);
    }

    public void Taken(string queue) => _taken.Add(1, new KeyValuePair<string, object?>("queue", queue));

    public void Failed(string queue) => _failures.Add(1, new KeyValuePair<string, object?>("queue", queue));
}
