using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.GroupCommit;
using Messaging.Infrastructure.Store.Suspects;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// Puts unclaimed tasks back into the outbox, or off to a later time: many deliveries that find no slot share a transaction and an
/// outbox row.
/// </summary>
internal sealed class HandBackWriter : IAsyncDisposable
{
    private readonly FinishStage _finishes;
    private readonly SuspectStage _suspects;
    private readonly GroupCommitWriter<(Guid Id, TimeSpan Delay), bool> _writer;

    public HandBackWriter(FinishStage finishes, SuspectStage suspects, TimeProvider time)
    {
        (_finishes, _suspects) = (finishes, suspects);
        _writer = new GroupCommitWriter<(Guid Id, TimeSpan Delay), bool>(
            new GroupCommitOptions { Name = "hand-back", Writers = 1, MaxWait = Timeout.InfiniteTimeSpan }, _ => 16, WriteAsync, time);
    }

    /// <summary>Returns when the tasks are in the outbox; waits for the ledger as long as the token allows.</summary>
    public Task ReturnAsync(IEnumerable<Guid> tasks, CancellationToken cancellationToken) =>
        Task.WhenAll([.. tasks.Select(task => _writer.AddAsync((task, TimeSpan.Zero), cancellationToken).AsTask())]);

    /// <summary>Returns when the task is put off: it is queued again after <paramref name="delay"/>.</summary>
    public async Task PostponeAsync(Guid task, TimeSpan delay, CancellationToken cancellationToken) =>
        await _writer.AddAsync((task, delay), cancellationToken);

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private async Task<bool[]> WriteAsync(IReadOnlyList<(Guid Id, TimeSpan Delay)> tasks, bool retry, CancellationToken cancellationToken)
    {
        var postponed = tasks.Where(task => task.Delay > TimeSpan.Zero).ToArray();
        if (postponed.Length > 0)
            await _suspects.PostponeAsync(postponed, cancellationToken);
        if (postponed.Length < tasks.Count)
            await _finishes.RequeueUnclaimedAsync([.. tasks.Where(task => task.Delay <= TimeSpan.Zero).Select(task => task.Id)], cancellationToken);
        return new bool[tasks.Count];
    }
}
