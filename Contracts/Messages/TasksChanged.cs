namespace Messaging.Contracts.Messages;

/// <summary>
/// The bus message that tells producers which tasks have just changed, one for what a process has committed meanwhile. Only a hint to read
/// them in the ledger: it is neither durable nor confirmed, and is sent only while somebody listens to events.
/// On the wire: <c>{"v":1,"ids":["…"]}</c> as plain JSON without an envelope.
/// </summary>
/// <param name="Ids">The tasks; at least one, none twice.</param>
public sealed record TasksChanged(IReadOnlyList<Guid> Ids)
{
    /// <summary>The version of the shape; a reader passes over what is newer than it knows.</summary>
    public const int Version = 1;
}
