using System.Diagnostics.Metrics;

namespace Messaging.Consumers.Kinds.Callbacks;

/// <summary>Counts the requests of callbacks and how long they take.</summary>
internal sealed class CallbackMeter
{
    /// <summary>The meter of everything about callbacks.</summary>
    public const string MeterName = "Messaging.Callbacks";

    private readonly Histogram<double> _duration;

    public CallbackMeter(IMeterFactory meters) => _duration = meters.Create(MeterName).CreateHistogram<double>(
        "messaging.callback.duration", "s", "Requests of callbacks, by outcome: taken, gone, refused (another status), no-answer");

    /// <summary>A request was sent.</summary>
    public void Sent(TimeSpan duration, int? status, bool taken) => _duration.Record(
        duration.TotalSeconds,
        new KeyValuePair<string, object?>("outcome", taken ? "taken" : status is null ? "no-answer" : status == StatusCodes.Status410Gone ? "gone" : "refused"));
}
