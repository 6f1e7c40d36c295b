using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Migrations;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>
/// The index that a search walks, in descending id order, and the filter for what it finds there: tags by <c>task_tags</c>, open states
/// by <c>open_tasks</c>, unsuccessful ends by <c>outcomes_unsuccessful</c>, success by <c>outcomes</c>, everything else by <c>tasks</c>.
/// </summary>
internal sealed class TaskIndex(MessagingDbContext db, TaskFilter filter)
{
    /// <summary>True if every entry of the index matches.</summary>
    public bool IsExact => filter switch
    {
        { Kind: not null } or { Queue: not null } => false,
        { Tag: not null } => filter.State is null,
        { State: null or TaskState.Failed or TaskState.Cancelled or TaskState.Expired } => true,
        _ => false,
    };

    /// <summary>The entries behind <paramref name="after"/>, newest first.</summary>
    public IQueryable<Guid> Entries(Guid? after) => filter switch
    {
        { Tag: { } tag } => Newest(db.TaskTags.Where(t => t.Tag == tag).Select(t => t.TaskId), after),
        { State: TaskState.Succeeded } => Newest(db.Outcomes.Select(o => o.TaskId), after),
        // A literal, not a parameter: with it the planner can prove that the partial index covers the state.
        { State: { } state } when state.IsFinal() => Newest(db.Outcomes.Where(o => o.State == EF.Constant(state)).Select(o => o.TaskId), after),
        { State: not null } => Newest(db.OpenTasks.Select(o => o.Id), after),
        _ => Newest(db.Tasks.Select(t => t.Id), after),
    };

    /// <summary>Those of the first <paramref name="chunk"/> entries behind <paramref name="after"/> that match, newest first.</summary>
    public IQueryable<Guid> Matches(Guid? after, int chunk)
    {
        var ids = Entries(after).Take(chunk);
        if (filter is { State: { } state } && !(filter.Tag is null && state is TaskState.Failed or TaskState.Cancelled or TaskState.Expired))
        {
            ids = state.IsFinal()
                ? ids.Where(id => db.Outcomes.Any(o => o.TaskId == id && o.State == state))
                : ids.Where(id => db.OpenTasks.Any(o => o.Id == id && o.State == state));
        }

        if (filter.Kind is { } kind)
            ids = ids.Where(id => db.Tasks.Any(t => t.Id == id && t.Kind == kind));
        if (filter.Queue is { } queue)
            ids = ids.Where(id => db.Tasks.Any(t => t.Id == id && t.Queue == queue));
        return ids.OrderByDescending(id => id);
    }

    private static IQueryable<Guid> Newest(IQueryable<Guid> ids, Guid? after) =>
        (after is { } last ? ids.Where(id => id < last) : ids).OrderByDescending(id => id);
}
