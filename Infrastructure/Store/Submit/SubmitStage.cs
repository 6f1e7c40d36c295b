using System.Diagnostics.Metrics;
using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Faults;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Depth;
using Messaging.Infrastructure.Store.GroupCommit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>
/// The first stage: a task is accepted when this has committed it. One transaction writes the tasks, their open rows and one outbox
/// row per queue; after the commit the batch goes to the relay straight from memory. Tasks with an idempotency key have writers of their
/// own (<see cref="KeyedSubmits"/>): what others do with a key never holds up a task that has none.
/// </summary>
public sealed class SubmitStage : IAsyncDisposable
{
    // Whoever is at a key is mostly done within milliseconds.
    private static readonly TimeSpan PauseWhileUndecided = TimeSpan.FromMilliseconds(50);

    private readonly LedgerConnections _ledger;
    private readonly LedgerClock _clock;
    private readonly IRelayInbox _relay;
    private readonly QueueDepths _depths;
    private readonly TimeProvider _time;
    private readonly TimeSpan _maxUndecided;
    private readonly KeyMeter _meter;
    private readonly TaskChanges _changes;
    private readonly LargeTexts _large;
    private readonly ExpressRoutes _express;
    private readonly ILogger<SubmitStage> _log;
    private readonly GroupCommitWriter<NewTask, bool> _writer;
    private readonly GroupCommitWriter<NewTask, SubmitAnswer> _keyedWriter;

    /// <summary>Starts the stage's writers.</summary>
    public SubmitStage(
        LedgerConnections ledger,
        LedgerClock clock,
        IRelayInbox relay,
        QueueDepths depths,
        TaskChanges changes,
        LargeTexts large,
        ExpressRoutes express,
        IOptions<LedgerOptions> options,
        IOptions<IdempotencyOptions> idempotency,
        IMeterFactory meters,
        TimeProvider time,
        ILogger<SubmitStage> log)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(idempotency);
        _ledger = ledger;
        _clock = clock;
        _relay = relay;
        _depths = depths;
        _time = time;
        _maxUndecided = idempotency.Value.MaxUndecided;
        _meter = new KeyMeter(meters);
        _changes = changes;
        _large = large;
        _express = express;
        _log = log;
        _writer = new GroupCommitWriter<NewTask, bool>(
            new GroupCommitOptions { Name = "submit", MaxWait = options.Value.MaxWait },
            Weigh,
            WriteAsync,
            time);
        _keyedWriter = new GroupCommitWriter<NewTask, SubmitAnswer>(
            new GroupCommitOptions { Name = "submit", MaxWait = options.Value.MaxWait },
            Weigh,
            new KeyedSubmits(ledger, clock, relay, changes, express, idempotency.Value.KeepFor, log).WriteAsync,
            time);
    }

    /// <summary>How many accepted requests wait for their commit.</summary>
    public int Waiting => _writer.Waiting + _keyedWriter.Waiting;

    /// <summary>
    /// Stores a task; returns after the commit. Whether its queue has room was asked before (<see cref="QueueDepths.Check"/>). With an
    /// idempotency key the answer says whether this task was stored, or what stood in its way; then saying it again is always safe.
    /// </summary>
    /// <exception cref="LedgerUnavailableException">The ledger did not take it in time. It may have all the same; only a key can tell.</exception>
    public ValueTask<SubmitAnswer> SubmitAsync(NewTask task, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.Input.Length > LargeTexts.MostInline ? SubmitLargeAsync(task, cancellationToken) : SubmitRowAsync(task, cancellationToken);
    }

    /// <summary>
    /// What a key has made before: <see cref="SubmitOutcome.Replayed"/> or <see cref="SubmitOutcome.KeyConflict"/>; null if nothing is
    /// remembered of it. For requests that can't be accepted as they are any more; nobody need ask before a submit.
    /// </summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<SubmitAnswer?> FindAsync(IdempotencyKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        await using var command = _ledger.Web.CreateCommand(KeySql.Find);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Scope });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Value });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        return new SubmitAnswer(reader.GetGuid(1) == key.Fingerprint ? SubmitOutcome.Replayed : SubmitOutcome.KeyConflict, reader.GetGuid(0));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _keyedWriter.DisposeAsync();
    }

    private static int Weigh(NewTask task) => task.Input.Length + 200;

    private async ValueTask<SubmitAnswer> SubmitRowAsync(NewTask task, CancellationToken cancellationToken)
    {
        var lane = _depths.Enter(task.Queue);
        var stored = false;
        try
        {
            var answer = new SubmitAnswer(SubmitOutcome.Accepted, task.Id);
            if (task.IdempotencyKey is null)
                await _writer.AddAsync(task, cancellationToken);
            else
                answer = await AddKeyedAsync(task, cancellationToken);
            stored = answer.Outcome == SubmitOutcome.Accepted;
            return answer;
        }
        finally
        {
            lane.Leave(stored);
        }
    }

    private async ValueTask<SubmitAnswer> AddKeyedAsync(NewTask task, CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        while (true)
        {
            var answer = await _keyedWriter.AddAsync(task, cancellationToken);
            if (answer.Outcome != SubmitOutcome.KeyUndecided || _time.GetElapsedTime(since) >= _maxUndecided)
            {
                _meter.Count(answer.Outcome);
                return answer;
            }

            await Task.Delay(PauseWhileUndecided, _time, cancellationToken);
        }
    }

    private async Task<bool[]> WriteAsync(IReadOnlyList<NewTask> items, bool retry, CancellationToken cancellationToken)
    {
        if (retry && await IsStoredAsync(items, cancellationToken))
            return Accepted(items);
        var rows = new SubmitRows(items, _clock);

        // After an unclear commit the rows might already be in an older relay's hands: leave them to a sweeper.
        using var room = rows.Reserve(retry ? null : _relay);
        try
        {
            await using var connection = await _ledger.Durable.OpenConnectionAsync(cancellationToken);
            await using var batch = connection.CreateBatch();
            rows.AddTo(batch, room);
            room.AddExpress(batch, _express, commits: false);
            await batch.ExecutePreparedAsync(cancellationToken);
        }
        catch (PostgresException e) when (room.Refused(e))
        {
            _log.ExpressRefused(e.MessageText);
        }
        catch (PostgresException e) when (retry && e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            if (await IsStoredAsync(items, cancellationToken))
                return Accepted(items);
            throw;
        }

        FaultPoint.Reached(FaultPoint.AfterCommit); // dying here: a sweeper finds the rows of a dead owner
        room.HandOver();
        if (_changes.Wanted)
            _changes.Tell(rows.TaskIds);
        return Accepted(items);
    }

    private async Task<bool> IsStoredAsync(IReadOnlyList<NewTask> items, CancellationToken cancellationToken)
    {
        await using var connection = await _ledger.Durable.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(SubmitSql.CountStored, items.Select(t => t.Id).ToArray());
        // One transaction stored all of them or none.
        return (long)(await batch.ExecuteScalarAsync(cancellationToken))! == items.Count;
    }

    /// <summary>A large input becomes a file first. One that is sent again is looked up before, so that it is not written again, too.</summary>
    private async ValueTask<SubmitAnswer> SubmitLargeAsync(NewTask task, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> reference;
        try
        {
            if (task.IdempotencyKey is { } key && await FindAsync(key, cancellationToken) is { } earlier)
            {
                _meter.Count(earlier.Outcome);
                return earlier;
            }

            reference = await _large.StoreAsync(task.Id, task.Input, cancellationToken);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            throw new LedgerUnavailableException($"The ledger could not take a large input: {e.Message}", e);
        }

        // If this throws, the task may be stored all the same. If it is not, the file is deleted by who looks for tasks that are gone.
        var answer = await SubmitRowAsync(task with { Input = reference }, cancellationToken);
        if (answer.Outcome != SubmitOutcome.Accepted)
            await _large.DiscardAsync(reference); // somebody else was quicker
        return answer;
    }

    private static bool[] Accepted(IReadOnlyList<NewTask> items)
    {
        var answers = new bool[items.Count];
        Array.Fill(answers, true);
        return answers;
    }
}
