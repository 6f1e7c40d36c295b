using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Store.Depth;

/// <summary>How many tasks a queue may hold. Bound from the configuration section <c>Messaging:Queues</c>.</summary>
public sealed class QueueDepthOptions
{
    /// <summary>The most open tasks (scheduled, waiting, queued, running) of one queue. Default 1,000,000.</summary>
    [Range(1, long.MaxValue)]
    public long MaxDepth { get; set; } = 1_000_000;

    /// <summary>The same for single queues, by name: <c>Messaging:Queues:MaxDepthOf:mails=5000</c>. 0 closes a queue.</summary>
    public Dictionary<string, long> MaxDepthOf { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// The shortest time between two counts. Default 2 seconds. A count that takes long is followed by a pause of twenty times as long,
    /// so that counting is never more than a twentieth of one connection's work.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan CountEvery { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The limit of a queue.</summary>
    public long LimitOf(string queue) => MaxDepthOf.Count > 0 && MaxDepthOf.TryGetValue(queue, out var own) ? own : MaxDepth;
}
