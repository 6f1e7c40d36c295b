namespace Messaging.Infrastructure.Store.Changes;

/// <summary>
/// Which tasks have just changed, for whoever wants to know it sooner than the ledger would tell him. Only ids, and only a hint: it may come
/// twice, late or never, and what has become of the task stands in the ledger. While nobody listens anywhere, a stage's part in this is one
/// look at <see cref="Wanted"/> for each batch. Safe to use from several threads.
/// </summary>
public sealed class TaskChanges
{
    private volatile bool _wanted;

    /// <summary>True while some process has event streams open. Set with each heartbeat; false at first.</summary>
    public bool Wanted
    {
        get => _wanted;
        set => _wanted = value;
    }

    /// <summary>Raised for changes that this process has committed, for others to be told. Handlers return at once.</summary>
    public event Action<IReadOnlyList<Guid>>? Made;

    /// <summary>Raised for all changes that this process learns of, its own included. Handlers return at once.</summary>
    public event Action<IReadOnlyList<Guid>>? Known;

    /// <summary>A stage of this process has committed a change. Call it only if <see cref="Wanted"/>, after the commit.</summary>
    public void Tell(IReadOnlyList<Guid> taskIds)
    {
        if (taskIds.Count == 0)
            return;
        Made?.Invoke(taskIds);
        Known?.Invoke(taskIds);
    }

    /// <summary>Another process has said that it committed a change.</summary>
    public void Hear(IReadOnlyList<Guid> taskIds) => Known?.Invoke(taskIds);
}
