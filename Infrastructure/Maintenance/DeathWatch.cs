namespace Messaging.Infrastructure.Maintenance;

/// <summary>
/// Decides who is dead: only somebody whose counter was read unchanged at least <see cref="MinimumReads"/> times over at least
/// <see cref="Patience"/> of this process's own monotonic clock. A read that fails starts the watch anew, so an outage of the
/// ledger kills nobody. Not thread-safe: one loop owns it.
/// </summary>
public sealed class DeathWatch(TimeProvider time)
{
    /// <summary>Reads that must agree.</summary>
    public const int MinimumReads = 4;

    /// <summary>How long a counter must stand still.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    private readonly Dictionary<Guid, Watched> _watched = [];

    /// <summary>Takes one reading of all counters and answers who is dead by now, with the counter and how long it stood still.</summary>
    public IReadOnlyList<(Guid Id, long Beat, TimeSpan Silent)> Read(IReadOnlyCollection<(Guid Id, long Beat)> beats)
    {
        ArgumentNullException.ThrowIfNull(beats);
        var now = time.GetTimestamp();
        var present = beats.Select(b => b.Id).ToHashSet();
        foreach (var gone in _watched.Keys.Where(id => !present.Contains(id)).ToArray())
            _watched.Remove(gone);

        var dead = new List<(Guid, long, TimeSpan)>();
        foreach (var (id, beat) in beats)
        {
            if (!_watched.TryGetValue(id, out var watched) || watched.Beat != beat)
            {
                _watched[id] = new Watched(beat, now, 1);
                continue;
            }

            watched = watched with { Reads = watched.Reads + 1 };
            _watched[id] = watched;
            var silent = time.GetElapsedTime(watched.Since, now);
            if (watched.Reads >= MinimumReads && silent >= Patience)
                dead.Add((id, beat, silent));
        }

        return dead;
    }

    /// <summary>A reading failed: whatever stood still may only have been unable to write.</summary>
    public void Reset() => _watched.Clear();

    private readonly record struct Watched(long Beat, long Since, int Reads);
}
