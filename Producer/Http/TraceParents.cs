using System.Diagnostics;

namespace Messaging.Producer.Http;

/// <summary>The W3C trace context that goes with a task.</summary>
internal static class TraceParents
{
    /// <summary>The request's, if its client sent one or it is being recorded; null otherwise, since then nobody could look it up.</summary>
    public static string? Current() =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity && (activity.ParentId is not null || activity.Recorded) ? activity.Id : null;
}
