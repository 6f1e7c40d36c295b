using Microsoft.Extensions.Logging;

namespace Messaging.Infrastructure.Reconcile;

/// <summary>What the reconciler logs. Event ids 1600 to 1649.</summary>
internal static partial class ReconcileLog
{
    [LoggerMessage(1600, LogLevel.Warning, "The ledger was repaired: {Tasks} tasks, {Sort}")]
    public static partial void Repaired(this ILogger log, long tasks, string sort);

    [LoggerMessage(1601, LogLevel.Error, "{Tasks} accepted tasks are neither open nor ended, among them {Example}: see the table messaging.unaccounted_tasks")]
    public static partial void Unaccounted(this ILogger log, long tasks, Guid example);

    [LoggerMessage(1602, LogLevel.Warning, "The ledger could not be checked, trying again in {Seconds:0.#} s: {Reason}")]
    public static partial void NotChecked(this ILogger log, double seconds, string reason);

    [LoggerMessage(1603, LogLevel.Debug, "Marker {Marker} was sent through queue {Queue}; it judges what was queued before {Cutoff}")]
    public static partial void MarkerSent(this ILogger log, Guid marker, string queue, DateTimeOffset cutoff);

    [LoggerMessage(1604, LogLevel.Warning, "A marker could not be sent through queue {Queue}: {Reason}")]
    public static partial void MarkerNotSent(this ILogger log, string queue, string reason);

    [LoggerMessage(1605, LogLevel.Information, "Marker {Marker} of queue {Queue} is void: deliveries went back to the broker while it was under way; another follows")]
    public static partial void MarkerVoid(this ILogger log, Guid marker, string queue);

    [LoggerMessage(1606, LogLevel.Warning, "{Tasks} tasks of queue {Queue} were published and are nowhere: the queue was purged, deleted or lost messages. They are published again")]
    public static partial void LostInBroker(this ILogger log, int tasks, string queue);
}
