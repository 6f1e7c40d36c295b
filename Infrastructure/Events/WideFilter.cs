using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Store.Read;

namespace Messaging.Infrastructure.Events;

/// <summary>
/// Which tasks a wide stream is about; nulls do not narrow. The tasks that send callbacks are in no stream that does not ask for their kind or queue: they
/// would double what everybody hears.
/// </summary>
/// <param name="Tag">Only tasks with this tag.</param>
/// <param name="Kind">Only tasks of this kind.</param>
/// <param name="Queue">Only tasks of this queue.</param>
public sealed record WideFilter(string? Tag = null, string? Kind = null, string? Queue = null)
{
    /// <summary>True if it lets everything through.</summary>
    public bool IsEverything => this is { Tag: null, Kind: null, Queue: null };

    /// <summary>True if the task is one of them.</summary>
    public bool Matches(TaskRecord task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return (Kind is null ? Queue is not null || task.Kind != SendCallback.KindName : task.Kind == Kind) && (Queue is null || task.Queue == Queue) && (Tag is null || task.Tags.Contains(Tag, StringComparer.Ordinal));
    }
}
