using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Expire;
using Messaging.Infrastructure.Store.GroupCommit;
using Messaging.Infrastructure.Store.Ids;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Store.Claim;

/// <summary>Asks for a task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Fence">Who asks, with a claim number that this task never had before. Tasks that are asked for together may share it, and are found faster then.</param>
public readonly record struct ClaimRequest(Guid TaskId, Fence Fence);

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
public sealed class ClaimStage : ITaskClaims, IAsyncDisposable
{
    // Of one statement. Whole deliveries are claimed together, so this may be exceeded by the last of them.
    private const int MostClaims = 500;

    private readonly LedgerConnections _ledger;
    private readonly TaskChanges _changes;
    private readonly GroupCommitWriter<IReadOnlyList<ClaimRequest>, Claimed?[]> _writer;

    /// <summary>Starts the stage's writers.</summary>
    public ClaimStage(LedgerConnections ledger, IOptions<LedgerOptions> options, TaskChanges changes, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _ledger = ledger;
        _changes = changes;
        _writer = new GroupCommitWriter<IReadOnlyList<ClaimRequest>, Claimed?[]>(
            new GroupCommitOptions { Name = "claim", MaxWait = options.Value.MaxWait, MaxBytes = MostClaims },
            requests => requests.Count,
            WriteAsync,
            time);
    }

    /// <summary>Claims a queued task. Null: it is not to be had (running elsewhere, ended, cancelled, rescheduled, past its deadline); drop the copy.</summary>
    /// <exception cref="LedgerUnavailableException">The ledger did not answer in time. Asking again with the same fence is safe.</exception>
    public async ValueTask<Claimed?> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) =>
        (await ClaimAsync([request], cancellationToken))[0];

    /// <inheritdoc/>
    public ValueTask<Claimed?[]> ClaimAsync(IReadOnlyList<ClaimRequest> requests, CancellationToken cancellationToken) =>
        _writer.AddAsync(requests, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private async Task<Claimed?[][]> WriteAsync(IReadOnlyList<IReadOnlyList<ClaimRequest>> items, bool retry, CancellationToken cancellationToken)
    {
        var claims = items.SelectMany(group => group).ToArray();
        var claimed = await WriteAsync(claims, cancellationToken);
        var answers = new Claimed?[items.Count][];
        for (int i = 0, next = 0; i < answers.Length; next += items[i++].Count)
            answers[i] = claimed[next..(next + items[i].Count)];
        return answers;
    }

    private async Task<Claimed?[]> WriteAsync(ClaimRequest[] claims, CancellationToken cancellationToken)
    {
        // In id order: two batches that meet the same rows lock them in the same order.
        var ids = Array.ConvertAll(claims, c => c.TaskId);
        var places = Enumerable.Range(0, claims.Length).ToArray();
        Array.Sort(ids, places);
        var fences = Array.ConvertAll(places, place => claims[place].Fence);
        var runs = IdRun.Of(ids, fences);
        var p = RunParameters.Of(runs, ids, fences);
        await using var connection = await _ledger.Relaxed.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(ClaimSql.Claim, p.First, p.Last, p.Worker, p.ClaimNo, p.OnlyWorker);
        var claimed = new Claimed?[claims.Length];
        var granted = 0;
        await using (var reader = await batch.ReadPreparedAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var run = runs[reader.GetInt64(0) - 1];
                var claim = new Claimed(
                    fences[run.Start], reader.GetInt32(1), reader.GetInt32(2), new DateTimeOffset(reader.GetDateTime(3), TimeSpan.Zero), reader.GetInt16(4));
                var tasks = reader.GetFieldValue<Guid[]>(5);
                granted += tasks.Length;
                foreach (var task in tasks)
                    claimed[places[run.PlaceOf(task, ids)]] = claim;
            }
        }

        if (_changes.Wanted && granted > 0)
            _changes.Tell([.. claims.Where((_, place) => claimed[place] is not null).Select(c => c.TaskId)]);
        // Copies of what has ended are refused too; only what is still queued can be past its deadline.
        if (granted < claims.Length)
            await ExpireStage.ExpireRefusedAsync(connection, [.. claims.Where((_, place) => claimed[place] is null).Select(c => c.TaskId)], cancellationToken);
        return claimed;
    }
}
