using System.Text.Json;
using Messaging.Contracts.Json;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Faults;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.GroupCommit;
using Messaging.Infrastructure.Store.Ids;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Store.Finish;

/// <summary>
/// The last stage of an attempt. One transaction takes the open rows away (or puts them back to wait) and records outcomes and
/// attempts; every statement is fenced, so what a worker says after it lost its claim is refused and changes nothing.
/// </summary>
public sealed class FinishStage : IAsyncDisposable
{
    private const int LongestMessage = 10_000;

    private static readonly TimeSpan OneByOneFor = TimeSpan.FromSeconds(1);

    private readonly LedgerConnections _ledger;
    private readonly TaskChanges _changes;
    private readonly TimeProvider _time;
    private readonly GroupCommitWriter<Finish, FinishAnswer> _writer;
    private long _oneByOneUntil = long.MinValue;

    /// <summary>Starts the stage's writers.</summary>
    public FinishStage(LedgerConnections ledger, IOptions<LedgerOptions> options, TaskChanges changes, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _ledger = ledger;
        _changes = changes;
        _time = time;
        _writer = new GroupCommitWriter<Finish, FinishAnswer>(
            new GroupCommitOptions { Name = "finish", MaxWait = options.Value.MaxWait },
            finish => 200 + ((finish as Ended)?.Result?.Length ?? 0),
            WriteAsync,
            time);
    }

    /// <summary>Records the end of an attempt; returns after the commit.</summary>
    /// <exception cref="LedgerUnavailableException">The ledger did not answer in time. Saying it again is safe: the fence tells.</exception>
    public ValueTask<FinishAnswer> FinishAsync(Finish finish, CancellationToken cancellationToken) => _writer.AddAsync(finish, cancellationToken);

    /// <summary>
    /// The same in a batch of its own. It waits for a transaction that may still be committing the same task, and would make the others
    /// of a batch wait too.
    /// </summary>
    /// <exception cref="LedgerUnavailableException">The ledger did not answer. Saying it again is safe: the fence tells.</exception>
    public async Task<FinishAnswer> FinishAloneAsync(Finish finish, CancellationToken cancellationToken)
    {
        try
        {
            return (await WriteAsync([finish], retry: false, cancellationToken))[0];
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            throw new LedgerUnavailableException($"The ledger could not take a finish: {e.Message}", e);
        }
    }

    /// <summary>
    /// Hands back tasks that this worker received but did not claim: they go to the outbox and so round again.
    /// Those that are no longer queued are dropped.
    /// </summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task RequeueUnclaimedAsync(IReadOnlyCollection<Guid> taskIds, CancellationToken cancellationToken)
    {
        await using var connection = await _ledger.Durable.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(FinishSql.Requeue, taskIds.Order().ToArray()); // in id order: two hand-backs of the same tasks must not deadlock
        await batch.ExecutePreparedAsync(cancellationToken);
        FaultPoint.Reached(FaultPoint.DuringHandBack); // dying here: the broker redelivers what is also in the outbox; one copy is dropped
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private async Task<FinishAnswer[]> WriteAsync(IReadOnlyList<Finish> items, bool retry, CancellationToken cancellationToken)
    {
        // After an unclear commit some or all may be recorded already.
        if (!retry && _time.GetTimestamp() >= Volatile.Read(ref _oneByOneUntil))
        {
            try
            {
                return await WriteAsync(items, AddAllSucceeded, cancellationToken);
            }
            catch (PostgresException e) when (e.SqlState == FinishSql.NotAllOurs)
            {
                // Cancels and rescues come in waves.
                Volatile.Write(ref _oneByOneUntil, _time.GetTimestamp() + (long)(OneByOneFor.TotalSeconds * _time.TimestampFrequency));
            }
        }

        return await WriteAsync(items, AddSucceeded, cancellationToken);
    }

    private async Task<FinishAnswer[]> WriteAsync(
        IReadOnlyList<Finish> items, Action<NpgsqlBatch, Ended[]> addSucceeded, CancellationToken cancellationToken)
    {
        var ordered = items.OrderBy(f => f.TaskId).ToArray();
        var succeeded = ordered.OfType<Ended>().Where(f => f.State == TaskState.Succeeded).ToArray();
        var ended = ordered.OfType<Ended>().Where(f => f.State != TaskState.Succeeded).ToArray();
        var putOff = ordered.Where(f => f is RetryLater or Snoozed).ToArray();
        var handedBack = ordered.OfType<HandedBack>().ToArray();
        await using var connection = await _ledger.Durable.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        if (succeeded.Length > 0)
            addSucceeded(batch, succeeded);
        if (ended.Length > 0)
            AddEnded(batch, ended);
        if (putOff.Length > 0)
            AddPutOff(batch, putOff);
        if (handedBack.Length > 0)
            AddHandedBack(batch, handedBack);

        var recorded = new HashSet<(Guid, Fence)>(ended.Length + putOff.Length + handedBack.Length);
        await using (var reader = await batch.ReadPreparedAsync(cancellationToken))
        {
            do
            {
                while (await reader.ReadAsync(cancellationToken))
                    recorded.Add(ReadKey(reader));
            }
            while (await reader.NextResultAsync(cancellationToken));
        }

        if (_changes.Wanted)
            _changes.Tell(Array.ConvertAll(ordered, f => f.TaskId)); // the refused ones too: a hint in vain does no harm

        // Of successes only the number is known. If one is missing all are asked for: those just recorded are found by their fences.
        var successes = succeeded.Length > 0 && batch.BatchCommands[0].RecordsAffected == succeeded.Length;
        var refused = ordered.Where(f => !(successes && f is Ended { State: TaskState.Succeeded }) && !recorded.Contains((f.TaskId, f.Fence))).ToArray();
        var why = refused.Length == 0 ? [] : await ExplainAsync(connection, refused, cancellationToken);
        return [.. items.Select(f => why.TryGetValue((f.TaskId, f.Fence), out var answer) ? answer : FinishAnswer.Recorded)];
    }

    internal static void AddSucceeded(NpgsqlBatch batch, Ended[] succeeded) => batch.Add(
        FinishSql.Succeed,
        Array.ConvertAll(succeeded, f => f.TaskId),
        Parameters.Differing(Array.ConvertAll(succeeded, f => f.Fence.Worker), NpgsqlDbType.Uuid),
        Array.ConvertAll(succeeded, f => f.Fence.ClaimNo),
        Parameters.Texts(succeeded, f => f.Result),
        succeeded[0].Fence.Worker);

    /// <summary>By runs; all of them or an error. Where a start is not known, one by one.</summary>
    private static void AddAllSucceeded(NpgsqlBatch batch, Ended[] succeeded)
    {
        if (Array.Exists(succeeded, f => f.StartedAt is null))
        {
            AddSucceeded(batch, succeeded);
            return;
        }

        var ids = Array.ConvertAll(succeeded, f => f.TaskId);
        var fences = Array.ConvertAll(succeeded, f => f.Fence);
        var p = RunParameters.Of(IdRun.Of(ids, fences), ids, fences);
        batch.Add(
            FinishSql.SucceedAll,
            p.First,
            p.Last,
            p.Worker,
            p.ClaimNo,
            p.OnlyWorker,
            ids,
            Parameters.Differing(Array.ConvertAll(fences, f => f.Worker), NpgsqlDbType.Uuid),
            Array.ConvertAll(fences, f => f.ClaimNo),
            Array.ConvertAll(succeeded, f => f.StartedAt!.Value.UtcDateTime),
            Parameters.Differing(Array.ConvertAll(succeeded, f => f.Attempt), NpgsqlDbType.Integer),
            Parameters.Texts(succeeded, f => f.Result),
            succeeded.LongLength,
            succeeded[0].Attempt);
    }

    private static void AddEnded(NpgsqlBatch batch, Ended[] ended) => batch.Add(
        FinishSql.End,
        Array.ConvertAll(ended, f => f.TaskId),
        Array.ConvertAll(ended, f => f.Fence.Worker),
        Array.ConvertAll(ended, f => f.Fence.ClaimNo),
        Array.ConvertAll(ended, f => (short)f.State),
        Array.ConvertAll(ended, f => Text(f.Failure)),
        Array.ConvertAll(ended, OutcomeOf),
        Array.ConvertAll(ended, f => f.Fingerprint));

    private static void AddPutOff(NpgsqlBatch batch, Finish[] putOff) => batch.Add(
        FinishSql.Retry,
        Array.ConvertAll(putOff, f => f.TaskId),
        Array.ConvertAll(putOff, f => f.Fence.Worker),
        Array.ConvertAll(putOff, f => f.Fence.ClaimNo),
        Array.ConvertAll(putOff, f => Milliseconds(f is RetryLater retry ? retry.Delay : ((Snoozed)f).Delay)),
        Array.ConvertAll(putOff, OutcomeOf),
        Array.ConvertAll(putOff, f => Text((f as RetryLater)?.Failure)));

    private static void AddHandedBack(NpgsqlBatch batch, HandedBack[] handedBack)
    {
        batch.Add(
            FinishSql.HandBack,
            Array.ConvertAll(handedBack, f => f.TaskId),
            Array.ConvertAll(handedBack, f => f.Fence.Worker),
            Array.ConvertAll(handedBack, f => f.Fence.ClaimNo),
            Array.ConvertAll(handedBack, f => Milliseconds(f.Delay)));
        batch.Add(FinishSql.Requeue, handedBack.Where(f => f.Delay <= TimeSpan.Zero).Select(f => f.TaskId).ToArray());
    }

    /// <summary>
    /// Sorts out the finishes that found no claim of theirs. Whatever the reason, a task that is queued gets an outbox row:
    /// its claim may have been lost in a database crash, and then no other copy is under way.
    /// </summary>
    private static async Task<Dictionary<(Guid, Fence), FinishAnswer>> ExplainAsync(
        NpgsqlConnection connection, Finish[] refused, CancellationToken cancellationToken)
    {
        await using var batch = connection.CreateBatch();
        var ids = Array.ConvertAll(refused, f => f.TaskId);
        batch.Add(FinishSql.WhyRefused, ids, Array.ConvertAll(refused, f => f.Fence.Worker), Array.ConvertAll(refused, f => f.Fence.ClaimNo));
        batch.Add(FinishSql.Requeue, ids);
        var why = new Dictionary<(Guid, Fence), FinishAnswer>(refused.Length);
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            why[ReadKey(reader)] = reader.GetBoolean(3) ? FinishAnswer.Recorded
                : await reader.IsDBNullAsync(4, cancellationToken) ? FinishAnswer.ClaimLost
                : reader.GetBoolean(4) ? FinishAnswer.CancelRequested
                : FinishAnswer.PastDeadline;
        }

        return why;
    }

    /// <summary>The word for the task's history; a success has no row there.</summary>
    private static string OutcomeOf(Finish finish) => finish switch
    {
        Snoozed => AttemptOutcomes.Snoozed,
        Ended { State: TaskState.Cancelled } => AttemptOutcomes.Cancelled,
        Ended { TimedOut: true } or RetryLater { TimedOut: true } => AttemptOutcomes.TimedOut,
        _ => AttemptOutcomes.Failed,
    };

    // Up, not down: nothing comes back earlier than asked.
    private static long Milliseconds(TimeSpan delay) => (long)Math.Ceiling(delay.TotalMilliseconds);

    private static (Guid, Fence) ReadKey(NpgsqlDataReader reader) => (reader.GetGuid(0), new Fence(reader.GetGuid(1), reader.GetInt64(2)));

    private static string? Text(TaskFailure? failure) => failure is null
        ? null
        : JsonSerializer.Serialize(failure with { Message = Parameters.Scrub(failure.Message, LongestMessage) }, MessagingJson.Tolerant);
}
