using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Events;

/// <summary>The bounds of live events in one producer. Bound from the configuration section <c>Messaging:Events</c>.</summary>
public sealed class EventOptions
{
    /// <summary>How many streams may be open at once, of both sorts; one more answers 503. Default 10,000; 0: none.</summary>
    [Range(0, 1_000_000)]
    public int MaxStreams { get; set; } = 10_000;

    /// <summary>How many of them may be wide (by tag, kind or queue, or of everything). Default 200; 0: none. Each of them filters all events.</summary>
    [Range(0, 10_000)]
    public int MaxWideStreams { get; set; } = 200;

    /// <summary>
    /// After this long without an event a stream gets a comment, so that nobody in between takes it for dead. Default 15 seconds; at most 45, since the
    /// C# client takes a stream that is silent for 60 seconds for dead, and would reconnect for ever.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:45", ErrorMessage =
        "Messaging:Events:Heartbeat must be from 0.1 s to 45 s (00:00:45): clients take a stream that is silent for 60 s for dead and reconnect.")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a client is asked to wait before it reconnects; up to as long again is added by chance. Default 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan Reconnect { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one write may wait for a client that does not read. Default 30 seconds; then its connection is cut.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan SlowestWrite { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many events the wide streams share as a buffer. Default 20,000, some 20 MB; a reader that falls further behind is told to
    /// reconnect, and then catches up from the ledger.
    /// </summary>
    [Range(100, 1_000_000)]
    public int WideBuffer { get; set; } = 20_000;

    /// <summary>How far back a wide stream catches up after a reconnect. Default 1 hour. Longer absences leave a gap, and the stream says so.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan LongestCatchUp { get; set; } = TimeSpan.FromHours(1);
}
