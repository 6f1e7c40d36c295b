using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>When the reconciler looks, and how patient it is. Bound from the configuration section <c>Messaging:Reconcile</c>.</summary>
public sealed class ReconcileOptions
{
    /// <summary>The time between two comparisons, over all processes together. Default 1 minute. A comparison reads <c>open_tasks</c> whole.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often markers under way are looked after. Default 5 seconds; reads only the table of markers.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan MarkerInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long after a marker's consumption every worker must have beaten, and have decided what it had received, before the marker
    /// is judged. Default 5 seconds: longer than a delivery takes from the broker to a worker's runtime. Too short calls tasks lost
    /// that are in a worker's hands, which costs a copy each, no more.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Settle { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How much older than a marker a task must be to be judged by it. Default 2 seconds; it bridges readings that are not of one moment.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Margin { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a marker may be under way before another one is sent after it. Default 20 seconds; doubles with each that is missing.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan MarkerPatience { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The bound of that doubling. Default 80 seconds: also behind a long backlog a purged queue is found within about two minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan LongestMarkerPatience { get; set; } = TimeSpan.FromSeconds(80);

    /// <summary>How many tasks one statement compares. Default 200,000.</summary>
    [Range(1, 10_000_000)]
    public int PageSize { get; set; } = 200_000;

    /// <summary>
    /// How many pages of new tasks one comparison looks at. Default 10, so that it keeps pace with 33,000 tasks a second; what is left
    /// over is looked at next time, and <c>GET /v1/ledger</c> says how far it is.
    /// </summary>
    [Range(1, 1000)]
    public int PagesPerCheck { get; set; } = 10;
}
