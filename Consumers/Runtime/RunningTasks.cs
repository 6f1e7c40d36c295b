using System.Collections.Concurrent;
using Messaging.Contracts.Handlers;

namespace Messaging.Consumers.Runtime;

/// <summary>The executions of this worker from before their claim until their end is recorded, by claim number. Safe to use from several threads.</summary>
internal sealed class RunningTasks(TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<long, TaskExecution> _byClaim = new();

    /// <summary>Those of now.</summary>
    public IEnumerable<TaskExecution> All => _byClaim.Select(pair => pair.Value);

    /// <summary>True if there are none.</summary>
    public bool IsEmpty => _byClaim.IsEmpty;

    /// <summary>How many; locks the table, so not for the hot path.</summary>
    public int Count => _byClaim.Count;

    public void Add(TaskExecution execution) => _byClaim[execution.Fence.ClaimNo] = execution;

    public void Remove(TaskExecution execution) => _byClaim.TryRemove(execution.Fence.ClaimNo, out _);

    /// <summary>Stops the execution under a claim, if it is still here.</summary>
    public bool Stop(long claimNo, StopReason reason) => _byClaim.TryGetValue(claimNo, out var execution) && execution.Stop(reason);

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
