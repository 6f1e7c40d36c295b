using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Expire;
using Messaging.Infrastructure.Store.GroupCommit;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Store.Claim;

/// <summary>Asks for a task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Fence">Who asks, with a claim number that is used once.</param>
public sealed record ClaimRequest(Guid TaskId, Fence Fence);

/// <summary>The mark that tells one claim from every other: stored with the claim, compared at the finish, kept in the outcome.</summary>
/// <param name="Worker">The worker instance.</param>
/// <param name="ClaimNo">Its claim counter.</param>
public readonly record struct Fence(Guid Worker, long ClaimNo);

/// <summary>A task is yours.</summary>
/// <param name="Fence">The fence to finish it with.</param>
/// <param name="Attempt">The number of this attempt, from 1.</param>
/// <param name="Revision">The task's revision; a copy made from another one must be read anew.</param>
/// <param name="ClaimedAt">The ledger's time of the claim.</param>
/// <param name="Losses">If it is a suspect, how often its worker died while it ran; 0: it is none.</param>
public sealed record Claimed(Fence Fence, int Attempt, int Revision, DateTimeOffset ClaimedAt, int Losses = 0);

/// <summary>
/// The stage in front of a handler: a message is only a hint, this decides. Many claims share one round trip, commits are
/// asynchronous: a claim lost in a database crash makes the task run again, and the fence keeps its first run from being recorded.
/// </summary>
public sealed class ClaimStage : IAsyncDisposable
{
    private readonly LedgerConnections _ledger;
    private readonly GroupCommitWriter<ClaimRequest, Claimed?> _writer;

    /// <summary>Starts the stage's writers.</summary>
    public ClaimStage(LedgerConnections ledger, IOptions<LedgerOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _ledger = ledger;
        _writer = new GroupCommitWriter<ClaimRequest, Claimed?>(
            new GroupCommitOptions { Name = "claim", MaxWait = options.Value.MaxWait },
            _ => 64,
            WriteAsync,
            time);
    }

    /// <summary>Claims a queued task. Null: it is not to be had (running elsewhere, ended, cancelled, rescheduled, past its deadline); drop the copy.</summary>
    /// <exception cref="LedgerUnavailableException">The ledger did not answer in time. Asking again with the same fence is safe.</exception>
    public ValueTask<Claimed?> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) => _writer.AddAsync(request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private async Task<Claimed?[]> WriteAsync(IReadOnlyList<ClaimRequest> items, bool retry, CancellationToken cancellationToken)
    {
        // In id order: two batches that meet the same rows lock them in the same order.
        var ordered = items.OrderBy(c => c.TaskId).ToArray();
        await using var connection = await _ledger.Relaxed.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(
            ClaimSql.Claim,
            Array.ConvertAll(ordered, c => c.TaskId),
            Array.ConvertAll(ordered, c => c.Fence.Worker),
            Array.ConvertAll(ordered, c => c.Fence.ClaimNo));
        var claimed = new Dictionary<(Guid, Fence), Claimed>(items.Count);
        await using (var reader = await batch.ReadPreparedAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var fence = new Fence(reader.GetGuid(1), reader.GetInt64(2));
                claimed[(reader.GetGuid(0), fence)] = new Claimed(
                    fence, reader.GetInt32(3), reader.GetInt32(4), new DateTimeOffset(reader.GetDateTime(5), TimeSpan.Zero), reader.GetInt16(6));
            }
        }

        // Copies of what has ended are refused too; only what is still queued can be past its deadline.
        if (claimed.Count < ordered.Length)
            await ExpireStage.ExpireRefusedAsync(connection, Array.ConvertAll(Array.FindAll(ordered, c => !claimed.ContainsKey((c.TaskId, c.Fence))), c => c.TaskId), cancellationToken);
        return [.. items.Select(c => claimed.GetValueOrDefault((c.TaskId, c.Fence)))];
    }
}
