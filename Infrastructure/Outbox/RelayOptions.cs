using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Outbox;

/// <summary>The relay's bounds. Bound from the configuration section <c>Messaging:Relay</c>; the defaults suit nearly everybody.</summary>
public sealed class RelayOptions
{
    /// <summary>
    /// How many tasks it may hold, published or not, until they are settled. Default 50,000. One queue may hold three times as
    /// many as are free, so at most three quarters. What does not fit is left to the sweepers in the outbox; accepting goes on.
    /// </summary>
    [Range(100, 10_000_000)]
    public int Capacity { get; set; } = 50_000;

    /// <summary>How many bytes of inputs it may hold before it takes no more tasks. Default 256 MiB.</summary>
    [Range(1024L * 1024, 64L * 1024 * 1024 * 1024)]
    public long CapacityBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>How many packs may wait for the broker's confirm at once. Default 300. Far more makes the broker slower, not faster.</summary>
    [Range(1, 10_000)]
    public int MaxPacksInFlight { get; set; } = 300;

    /// <summary>
    /// How many of them may be for one queue while others have something to send too. Default 24. RabbitMQ stops reading a connection that
    /// has more than 32 messages under way to one quorum queue (its <c>quorum_commands_soft_limit</c>), and the other queues' messages
    /// would wait behind that. A queue that is alone may have more packs, but no more tasks than in so many full ones, 64 each.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxPacksPerQueue { get; set; } = 24;

    /// <summary>
    /// With fewer packs than this in flight, a pack goes out as it is; with more, one that is not full waits for the next confirm.
    /// Default 8. Higher costs CPU for small packs under load, 1 costs a confirm's time of latency.
    /// </summary>
    [Range(1, 10_000)]
    public int EagerPacks { get; set; } = 8;

    /// <summary>The most tasks in a pack. Default 64. 1 switches packing off.</summary>
    [Range(1, 1000)]
    public int PackSize { get; set; } = 64;

    /// <summary>The most bytes in a pack. Default 256 KiB. A single larger task goes alone.</summary>
    [Range(1024, 4 * 1024 * 1024)]
    public int PackBytes { get; set; } = 256 * 1024;

    /// <summary>The most work in a pack, by the kinds' mean run times. Default 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan PackWork { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Kinds whose mean run time was measured below this are packed, all others go alone. Default 50 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan ShortRun { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Whether a task that comes alone, while this process has little to do, is told to a worker by a notification of Postgres, ahead of the
    /// message that RabbitMQ keeps: it starts a few milliseconds sooner, and mostly needs no message. Default true. Under load there are no such copies.
    /// </summary>
    public bool Express { get; set; } = true;

    /// <summary>How long a task has to start by its express copy before the other one is sent. Default 10 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:01")]
    public TimeSpan ExpressPatience { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long one send may take before it counts as failed and is repeated. Default 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan SendDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long stopping may go on publishing what it holds; then the rest is left to the sweepers of other processes. Default 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan StopPatience { get; set; } = TimeSpan.FromSeconds(5);
}
