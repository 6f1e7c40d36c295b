using Messaging.Infrastructure.Store.Claim;

namespace Messaging.Infrastructure.Store.Ids;

/// <summary>
/// Tasks whose ids follow each other by one, under one fence: a stretch of the primary key, found by going down the tree once. Nothing else can
/// be between its first and its last id.
/// </summary>
/// <param name="Start">The place of its first task in the sorted ids.</param>
/// <param name="Count">How many there are, at least one.</param>
internal readonly record struct IdRun(int Start, int Count)
{
    /// <summary>The place after its last task.</summary>
    public int End => Start + Count;

    /// <summary>Finds the runs of ids that are sorted; an id that is there twice begins one of its own.</summary>
    public static IdRun[] Of(ReadOnlySpan<Guid> ids, ReadOnlySpan<Fence> fences)
    {
        var runs = new List<IdRun>();
        var start = 0;
        for (var i = 1; i <= ids.Length; i++)
        {
            if (i < ids.Length && fences[i] == fences[i - 1] && ConsecutiveIds.ToNumber(ids[i]) == ConsecutiveIds.ToNumber(ids[i - 1]) + 1)
                continue;
            runs.Add(new IdRun(start, i - start));
            start = i;
        }

        return [.. runs];
    }

    /// <summary>The place of an id that is between this run's first and last.</summary>
    public int PlaceOf(Guid id, ReadOnlySpan<Guid> ids) => Start + (int)(ConsecutiveIds.ToNumber(id) - ConsecutiveIds.ToNumber(ids[Start]));
}
