namespace Messaging.Infrastructure.Store.Depth;

/// <summary>The statement that counts.</summary>
public static class QueueDepthSql
{
    /// <summary>
    /// Reads open_tasks whole, without an index: one on queue would make every submit and finish dearer, and this runs every few seconds
    /// at most.
    /// </summary>
    public const string Count = "SELECT queue, count(*) FROM messaging.open_tasks GROUP BY queue";
}
