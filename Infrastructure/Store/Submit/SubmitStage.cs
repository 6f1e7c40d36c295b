using Messaging.Contracts.Messages;
using Messaging.Infrastructure.Faults;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Depth;
using Messaging.Infrastructure.Store.GroupCommit;
using Messaging.Infrastructure.Store.Read;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>
/// The first stage: a task is accepted when this has committed it. One transaction writes the tasks, their open rows and one outbox
/// row per queue; after the commit the batch goes to the relay straight from memory.
/// </summary>
public sealed class SubmitStage : IAsyncDisposable
{
    private const char TagSeparator = '\x1f';

    private readonly LedgerConnections _ledger;
    private readonly LedgerClock _clock;
    private readonly IRelayInbox _relay;
    private readonly QueueDepths _depths;
    private readonly LargeTexts _large;
    private readonly GroupCommitWriter<NewTask, bool> _writer;

    /// <summary>Starts the stage's writers.</summary>
    public SubmitStage(
        LedgerConnections ledger, LedgerClock clock, IRelayInbox relay, QueueDepths depths, LargeTexts large, IOptions<LedgerOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _ledger = ledger;
        _clock = clock;
        _relay = relay;
        _depths = depths;
        _large = large;
        _writer = new GroupCommitWriter<NewTask, bool>(
            new GroupCommitOptions { Name = "submit", MaxWait = options.Value.MaxWait },
            task => task.Input.Length + 200,
            WriteAsync,
            time);
    }

    /// <summary>How many accepted requests wait for their commit.</summary>
    public int Waiting => _writer.Waiting;

    /// <summary>Stores a task; returns after the commit. Whether its queue has room was asked before (<see cref="QueueDepths.Check"/>).</summary>
    /// <exception cref="LedgerUnavailableException">The ledger did not take it in time.</exception>
    public async ValueTask SubmitAsync(NewTask task, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.Input.Length > LargeTexts.MostInline)
            task = task with { Input = await StoreLargeAsync(task, cancellationToken) };
        var lane = _depths.Enter(task.Queue);
        var committed = false;
        try
        {
            await _writer.AddAsync(task, cancellationToken);
            committed = true;
        }
        finally
        {
            lane.Leave(committed);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private async Task<bool[]> WriteAsync(IReadOnlyList<NewTask> items, bool retry, CancellationToken cancellationToken)
    {
        if (retry && await IsStoredAsync(items, cancellationToken))
            return Accepted(items);
        var tasks = items.OrderBy(t => t.Id).ToArray();
        var now = _clock.Now;
        var due = Array.ConvertAll(tasks, t => t.RunAt > now ? t.RunAt : null);
        var batches = Enumerable.Range(0, tasks.Length)
            .Where(i => due[i] is null)
            .GroupBy(i => tasks[i].Queue, i => tasks[i])
            .Select(group => new OutboxBatch(_clock.NewId(), group.Key, [.. group.Select(ToRun)]))
            .ToArray();

        // After an unclear commit the rows might already be in an older relay's hands: leave them to a sweeper.
        using var reservation = retry || batches.Length == 0 ? null : _relay.TryReserve(batches.Sum(b => b.Tasks.Count));
        try
        {
            await CommitAsync(tasks, due, batches, reservation?.Owner, cancellationToken);
        }
        catch (PostgresException e) when (retry && e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            if (await IsStoredAsync(items, cancellationToken))
                return Accepted(items);
            throw;
        }

        FaultPoint.Reached(FaultPoint.AfterCommit); // dying here: a sweeper finds the rows of a dead owner
        reservation?.HandOver(batches);
        return Accepted(items);
    }

    private async Task CommitAsync(
        NewTask[] tasks, DateTimeOffset?[] due, OutboxBatch[] batches, Guid? owner, CancellationToken cancellationToken)
    {
        var ids = Array.ConvertAll(tasks, t => t.Id);
        var queues = Array.ConvertAll(tasks, t => t.Queue);
        var deadlines = Array.ConvertAll(tasks, t => t.Deadline?.UtcDateTime);
        var first = tasks[0];
        await using var connection = await _ledger.Durable.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(
            SubmitSql.InsertTasks,
            ids,
            Parameters.Differing(Array.ConvertAll(tasks, t => t.Kind), NpgsqlDbType.Text),
            Parameters.Differing(queues, NpgsqlDbType.Text),
            Parameters.Texts(tasks, t => t.Input),
            Parameters.Differing(Array.ConvertAll(tasks, t => (long)t.Timeout.TotalMilliseconds), NpgsqlDbType.Bigint),
            Parameters.Differing(Array.ConvertAll(tasks, t => t.MaxAttempts), NpgsqlDbType.Integer),
            Parameters.Rare(Array.ConvertAll(tasks, t => t.RunAt?.UtcDateTime), NpgsqlDbType.TimestampTz),
            Parameters.Rare(Array.ConvertAll(tasks, t => t.Tags.Count == 0 ? null : string.Join(TagSeparator, t.Tags)), NpgsqlDbType.Text),
            Parameters.Rare(Array.ConvertAll(tasks, t => t.TraceParent), NpgsqlDbType.Text),
            Parameters.Rare(deadlines, NpgsqlDbType.TimestampTz),
            first.Kind,
            first.Queue,
            (long)first.Timeout.TotalMilliseconds,
            first.MaxAttempts);
        batch.Add(
            SubmitSql.InsertOpenTasks,
            ids,
            Parameters.Differing(queues, NpgsqlDbType.Text),
            Parameters.Rare(Array.ConvertAll(due, d => d?.UtcDateTime), NpgsqlDbType.TimestampTz),
            Parameters.Rare(deadlines, NpgsqlDbType.TimestampTz),
            first.Queue);
        var tags = tasks.SelectMany(t => t.Tags.Select(tag => (t.Id, tag))).ToArray();
        if (tags.Length > 0)
            batch.Add(SubmitSql.InsertTags, Array.ConvertAll(tags, t => t.Id), Array.ConvertAll(tags, t => t.tag));
        foreach (var b in batches)
            batch.Add(SubmitSql.InsertOutbox, b.Id, Parameters.Uuid(owner), b.Queue, b.Tasks.Select(t => t.Id).ToArray());
        await batch.ExecutePreparedAsync(cancellationToken);
    }

    private async Task<bool> IsStoredAsync(IReadOnlyList<NewTask> items, CancellationToken cancellationToken)
    {
        await using var connection = await _ledger.Durable.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(SubmitSql.CountStored, items.Select(t => t.Id).ToArray());
        // One transaction stored all of them or none.
        return (long)(await batch.ExecuteScalarAsync(cancellationToken))! == items.Count;
    }

    private async Task<ReadOnlyMemory<byte>> StoreLargeAsync(NewTask task, CancellationToken cancellationToken)
    {
        try
        {
            return await _large.StoreAsync(task.Id, task.Input, cancellationToken);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            throw new LedgerUnavailableException($"The ledger could not take a large input: {e.Message}", e);
        }
    }

    private static RunTask ToRun(NewTask task) =>
        TaskContents.ForTheRoad(new(task.Id, 0, task.Kind, task.Input, task.Timeout, task.MaxAttempts, task.TraceParent));

    private static bool[] Accepted(IReadOnlyList<NewTask> items)
    {
        var answers = new bool[items.Count];
        Array.Fill(answers, true);
        return answers;
    }
}
