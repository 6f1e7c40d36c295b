namespace Messaging.Consumers.Runtime;

/// <summary>How long a kind's attempts run on average: a moving mean, in which an attempt weighs a thirty-second part.</summary>
internal sealed class MeanRunTime
{
    private const double Weight = 1.0 / 32;

    private readonly Lock _lock = new();
    private double _ticks = double.NaN;
    private bool _changed;

    /// <summary>Takes one attempt into account.</summary>
    public void Record(TimeSpan run)
    {
        lock (_lock)
        {
            _ticks = double.IsNaN(_ticks) ? run.Ticks : _ticks + ((run.Ticks - _ticks) * Weight);
            _changed = true;
        }
    }

    /// <summary>The mean, if an attempt was recorded since the last time this was asked.</summary>
    public bool TryTakeChanged(out TimeSpan mean)
    {
        lock (_lock)
        {
            mean = _changed ? TimeSpan.FromTicks((long)_ticks) : default;
            (var changed, _changed) = (_changed, false);
            return changed;
        }
    }
}
