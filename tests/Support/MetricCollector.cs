using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Messaging.Tests.Support;

/// <summary>Takes down what one host counts with one counter of <c>long</c>.</summary>
public sealed class MetricCollector : IDisposable
{
    private readonly MeterListener _listener;
    private readonly ConcurrentQueue<(long Value, IReadOnlyDictionary<string, object?> Tags)> _measurements = new();

    /// <summary>Begins.</summary>
    /// <param name="meters">The host's: counters of the same name elsewhere in this process are left out.</param>
    /// <param name="counter">The counter's name.</param>
    public MetricCollector(IMeterFactory meters, string counter)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == counter && ReferenceEquals(instrument.Meter.Scope, meters))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            _measurements.Enqueue((value, tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal))));
        _listener.Start();
    }

    /// <summary>All that was counted.</summary>
    public long Sum => _measurements.Sum(m => m.Value);

    /// <summary>One tag's values, in the order of the measurements.</summary>
    public string[] Tag(string name) => [.. _measurements.Select(m => m.Tags[name]?.ToString() ?? "")];

    /// <summary>Ends it.</summary>
    public void Dispose() => _listener.Dispose();
}
