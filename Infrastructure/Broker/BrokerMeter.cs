using System.Diagnostics.Metrics;

namespace Messaging.Infrastructure.Broker;

/// <summary>What happens on the way to and from the broker, counted.</summary>
internal sealed class BrokerMeter
{
    /// <summary>The meter of everything about the broker.</summary>
    public const string MeterName = "Messaging.Broker";

    private readonly Counter<long> _rejected;
    private readonly Counter<long> _repairs;

    public BrokerMeter(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _rejected = meter.CreateCounter<long>("messaging.rejected", "{message}", "Messages that could not be read and were set aside");
        _repairs = meter.CreateCounter<long>("messaging.broker.repairs", "{repair}", "Steps that the watch over the connections had to take");
    }

    /// <summary>A message was set aside.</summary>
    public void Rejected(string queue) => _rejected.Add(1, new KeyValuePair<string, object?>("queue", queue));

    /// <summary>The watch took a step.</summary>
    /// <param name="bus">Which bus: <c>publishing</c> or <c>receiving</c>.</param>
    /// <param name="step">How far it had to go.</param>
    public void Repaired(string bus, RepairStep step) => _repairs.Add(
        1,
        new KeyValuePair<string, object?>("bus", bus),
        new KeyValuePair<string, object?>("step", step.ToString().ToLowerInvariant()));
}

/// <summary>What the watch does about a bus that looks well and is not, in this order.</summary>
internal enum RepairStep
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The endpoint's channel is closed, so that it is opened anew.</summary>
    Channel,

    /// <summary>The bus is replaced by another with a connection of its own.</summary>
    Bus,

    /// <summary>The process ends, so that its supervisor starts another.</summary>
    Process,
}
