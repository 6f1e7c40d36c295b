using System.Collections.Concurrent;
using Messaging.Contracts.Handlers;

namespace Messaging.Consumers.Runtime;

/// <summary>The executions of this worker from before their claim until their end is recorded. Safe to use from several threads.</summary>
internal sealed class RunningTasks(TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<TaskExecution, bool> _all = new();

    /// <summary>Those of now.</summary>
    public IEnumerable<TaskExecution> All => _all.Select(pair => pair.Key);

    /// <summary>True if there are none.</summary>
    public bool IsEmpty => _all.IsEmpty;

    /// <summary>How many; locks the table, so not for the hot path.</summary>
    public int Count => _all.Count;

    /// <summary>Takes one in; one that is here already stays as it is.</summary>
    public void Add(TaskExecution execution) => _all.TryAdd(execution, true);

    public void Remove(TaskExecution execution) => _all.TryRemove(execution, out _);

    /// <summary>Stops those that <paramref name="which"/> picks; answers how many.</summary>
    public int Stop(Func<TaskExecution, bool> which, StopReason reason) => All.Count(execution => which(execution) && execution.Stop(reason));

    /// <summary>Waits until there are none; false if that takes longer than <paramref name="patience"/>, or the token comes.</summary>
    public async Task<bool> UntilEmptyAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        while (!IsEmpty)
        {
            if (cancellationToken.IsCancellationRequested || time.GetElapsedTime(since) >= patience)
                return false;
            await Task.Delay(LookEvery, time, CancellationToken.None);
        }

        return true;
    }
}
