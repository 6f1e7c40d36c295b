using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.GroupCommit;

namespace Messaging.Consumers.Runtime;

/// <summary>Puts unclaimed tasks back into the outbox: many deliveries that find no slot share a transaction and an outbox row.</summary>
internal sealed class HandBackWriter : IAsyncDisposable
{
    private readonly FinishStage _finishes;
    private readonly GroupCommitWriter<Guid, bool> _writer;

    public HandBackWriter(FinishStage finishes, TimeProvider time)
    {
        _finishes = finishes;
        _writer = new GroupCommitWriter<Guid, bool>(
            new GroupCommitOptions { Name = "hand-back", Writers = 1, MaxWait = Timeout.InfiniteTimeSpan }, _ => 16, WriteAsync, time);
    }

    /// <summary>Returns when the tasks are in the outbox; waits for the ledger as long as the token allows.</summary>
    public Task ReturnAsync(IEnumerable<Guid> tasks, CancellationToken cancellationToken) =>
        Task.WhenAll([.. tasks.Select(task => _writer.AddAsync(task, cancellationToken).AsTask())]);

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private async Task<bool[]> WriteAsync(IReadOnlyList<Guid> tasks, bool retry, CancellationToken cancellationToken)
    {
        await _finishes.RequeueUnclaimedAsync([.. tasks], cancellationToken);
        return new bool[tasks.Count];
    }
}
