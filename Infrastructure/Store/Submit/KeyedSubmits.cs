using System.Data;
using System.Globalization;
using Messaging.Infrastructure.Express;
using Messaging.Infrastructure.Faults;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Changes;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>
/// Writes batches of tasks that have idempotency keys. The keys are taken in the transaction of the tasks, so both are there or neither,
/// and whoever lost the answer to a commit finds out by saying the same again: a key that stands in its own task's name was accepted.
/// See docs/decisions/0026.
/// </summary>
internal sealed class KeyedSubmits(
    LedgerConnections ledger, LedgerClock clock, IRelayInbox relay, TaskChanges changes, ExpressRoutes express, TimeSpan keepFor, ILogger log)
{
    // How long a batch waits for another transaction that is at one of its keys. Beyond that the batch is halved until the key stands alone,
    // so that the others need not wait. From then on there is hardly any patience: many keys may be stuck, and who is refused wrongly
    // only tries again.
    private static readonly TimeSpan FirstPatience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan NextPatience = TimeSpan.FromMilliseconds(2);

    // A process that is silent for so long in the middle of its transaction loses it, and its keys are free. One that dies loses it at once.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    /// <summary>Writes a batch and answers each item in order. Safe to repeat, whatever became of an earlier try.</summary>
    public async Task<SubmitAnswer[]> WriteAsync(IReadOnlyList<NewTask> items, bool retry, CancellationToken cancellationToken)
    {
        var answers = new SubmitAnswer[items.Count];
        // The first of those with the same key may become the task, the others are its repetitions.
        var groups = Enumerable.Range(0, items.Count)
            .GroupBy(i => (items[i].IdempotencyKey!.Scope, items[i].IdempotencyKey!.Value))
            .OrderBy(g => g.Key.Scope, StringComparer.Ordinal)
            .ThenBy(g => g.Key.Value, StringComparer.Ordinal)
            .Select(g => g.ToArray())
            .ToArray();
        await WriteAsync(items, groups, answers, FirstPatience, retry, cancellationToken);
        return answers;
    }

    private async Task WriteAsync(
        IReadOnlyList<NewTask> items, ArraySegment<int[]> groups, SubmitAnswer[] answers, TimeSpan patience, bool retry, CancellationToken cancellationToken)
    {
        if (await TryWriteAsync(items, groups, answers, patience, retry, cancellationToken))
            return;
        if (groups.Count == 1)
        {
            foreach (var i in groups[0])
                answers[i] = new SubmitAnswer(SubmitOutcome.KeyUndecided, items[i].Id);
            return;
        }

        var half = groups.Count / 2;
        await WriteAsync(items, groups[..half], answers, NextPatience, retry, cancellationToken);
        await WriteAsync(items, groups[half..], answers, NextPatience, retry, cancellationToken);
    }

    /// <summary>False if somebody else was at one of the keys for too long; then nothing was written.</summary>
    private async Task<bool> TryWriteAsync(
        IReadOnlyList<NewTask> items, ArraySegment<int[]> groups, SubmitAnswer[] answers, TimeSpan patience, bool retry, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Durable.OpenConnectionAsync(cancellationToken);
        // Each statement must see what was committed while it waited, whatever the server's default is.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
        var taken = new HashSet<Guid>();
        List<(Guid TaskId, Guid Fingerprint)> holders;
        try
        {
            holders = await TakeKeysAsync(connection, [.. groups.Select(g => items[g[0]])], taken, patience, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return false;
        }

        for (var g = 0; g < groups.Count; g++)
        {
            foreach (var i in groups[g])
                answers[i] = Answer(items[i], holders[g].TaskId, holders[g].Fingerprint);
        }

        // A key that was its task's before was committed by an earlier try of ours: accepted, and stored already.
        var accepted = groups.Select(g => items[g[0]]).Where(t => taken.Contains(t.Id)).ToArray();
        if (accepted.Length == 0)
            return true;

        var rows = new SubmitRows(accepted, clock);
        FaultPoint.Reached(FaultPoint.AfterKeys); // dying here: nothing is committed, the keys are free again
        using var room = rows.Reserve(retry ? null : relay);
        await using (var batch = connection.CreateBatch())
        {
            batch.Add(KeySql.BePatient);
            rows.AddTo(batch, room);
            batch.Add(KeySql.Commit);
            room.AddExpress(batch, express, commits: true);
            await CommitAsync(batch, room, cancellationToken);
        }

        FaultPoint.Reached(FaultPoint.AfterCommit);
        room.HandOver();
        if (changes.Wanted)
            changes.Tell(rows.TaskIds);
        return true;
    }

    private async Task CommitAsync(NpgsqlBatch batch, SubmitRoom room, CancellationToken cancellationToken)
    {
        try
        {
            await batch.ExecutePreparedAsync(cancellationToken);
        }
        catch (PostgresException e) when (room.Refused(e))
        {
            log.ExpressRefused(e.MessageText);
        }
    }

    /// <summary>Answers for each task what its key stands for now, and adds to <paramref name="taken"/> the tasks that have got theirs.</summary>
    private async Task<List<(Guid TaskId, Guid Fingerprint)>> TakeKeysAsync(
        NpgsqlConnection connection, NewTask[] tasks, HashSet<Guid> taken, TimeSpan patience, CancellationToken cancellationToken)
    {
        var scopes = Array.ConvertAll(tasks, t => t.IdempotencyKey!.Scope);
        var keys = Array.ConvertAll(tasks, t => t.IdempotencyKey!.Value);
        await using var batch = connection.CreateBatch();
        batch.Add(KeySql.BeBrief, Milliseconds(patience), Milliseconds(LongestSilence));
        batch.Add(KeySql.Take, scopes, keys, Array.ConvertAll(tasks, t => t.Id), Array.ConvertAll(tasks, t => t.IdempotencyKey!.Fingerprint), keepFor);
        batch.Add(KeySql.Read, scopes, keys);
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken); // behind the settings
        while (await reader.ReadAsync(cancellationToken))
            taken.Add(reader.GetGuid(0));
        await reader.NextResultAsync(cancellationToken);
        var holders = new List<(Guid, Guid)>(tasks.Length);
        while (await reader.ReadAsync(cancellationToken))
            holders.Add((reader.GetGuid(0), reader.GetGuid(1)));
        return holders.Count == tasks.Length
            ? holders
            : throw new InvalidOperationException($"Of {tasks.Length} idempotency keys that were taken or locked {holders.Count} are there.");
    }

    private static SubmitAnswer Answer(NewTask task, Guid holder, Guid fingerprint) =>
        fingerprint != task.IdempotencyKey!.Fingerprint ? new(SubmitOutcome.KeyConflict, holder)
        : holder == task.Id ? new(SubmitOutcome.Accepted, holder)
        : new(SubmitOutcome.Replayed, holder);

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
}
