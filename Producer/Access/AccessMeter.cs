using System.Diagnostics.Metrics;

namespace Messaging.Producer.Access;

/// <summary>Requests that were not let in, counted by reason.</summary>
internal sealed class AccessMeter
{
    /// <summary>The meter of everything about access.</summary>
    public const string MeterName = "Messaging.Access";

    private readonly Counter<long> _refused;

    public AccessMeter(IMeterFactory meters) =>
        _refused = meters.Create(MeterName).CreateCounter<long>("messaging.requests.refused", "{request}", "Requests that were not let in");

    /// <summary>One was not let in.</summary>
    /// <param name="reason"><c>no-key</c>, <c>unknown</c>, <c>expired</c>, <c>scope</c>, <c>rate</c> and the like.</param>
    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
