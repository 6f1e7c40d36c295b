using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Npgsql;

namespace Messaging.Infrastructure.Store.Events;

/// <summary>Asks for what happened to a task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Since">Only what came later.</param>
/// <param name="WithResult">True: its last event brings the result along.</param>
/// <param name="Moment">Only what happened since; the default: whenever.</param>
internal readonly record struct HistoryRequest(Guid TaskId, EventPosition Since, bool WithResult, DateTimeOffset Moment = default);

/// <summary>Reads what has happened to tasks, many in one round trip.</summary>
internal sealed class HistoryReader(LedgerConnections ledger)
{
    /// <summary>The most reports of one task that are read at once.</summary>
    public const int MostReports = 200;

    /// <summary>Reads histories; null in place of a task that does not exist.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<TaskHistory?[]> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Events.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(
            HistorySql.Since,
            requests.Select(r => r.TaskId).ToArray(),
            requests.Select(r => r.Since.At).ToArray(),
            requests.Select(r => r.WithResult).ToArray(),
            MostReports,
            requests.Select(r => r.Moment.UtcDateTime).ToArray());
        var found = new TaskHistory?[requests.Count];
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            found[reader.GetInt64(0) - 1] = Read(reader);
        return found;
    }

    /// <summary>Looks shortly at tasks: true for each that is not as the mark says, or has a report behind the position.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<bool[]> HasNewsAsync(IReadOnlyList<(Guid TaskId, EventPosition Since, TaskMark Mark)> looks, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Events.OpenConnectionAsync(cancellationToken);
        await using var batch = connection.CreateBatch();
        batch.Add(HistorySql.Look, looks.Select(l => l.TaskId).ToArray(), looks.Select(l => l.Since.At).ToArray());
        var news = new bool[looks.Count];
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var place = reader.GetInt64(0) - 1;
            news[place] = reader.IsDBNull(1) || !reader.IsDBNull(5)
                || new TaskMark((TaskState)reader.GetInt16(1), TaskReader.Time(reader, 2), TaskReader.Time(reader, 3), TaskReader.Time(reader, 4)) != looks[(int)place].Mark;
        }

        return news;
    }

    private static TaskHistory Read(NpgsqlDataReader reader)
    {
        var task = TaskReader.Read(reader, 1);
        var open = !task.State.IsFinal();
        var mark = open ? new TaskMark(task.State, TaskReader.Time(reader, 10), TaskReader.Time(reader, 23), TaskReader.Time(reader, 9)) : default;
        var progress = ReadProgress(reader, 30);
        // A large one is a file: thousands of streams must not have it in memory at once, and it can be had by its link.
        var result = TaskReader.Bytes(reader, 24);
        return new TaskHistory(
            task with { Result = result is { } stored && LargeTexts.IsReference(stored.Span) ? null : result },
            TaskReader.Time(reader, 5),
            mark,
            ReadRuns(reader, 25),
            progress,
            cut: progress.Count == MostReports);
    }

    private static List<PastRun> ReadRuns(NpgsqlDataReader reader, int column)
    {
        var runs = new List<PastRun>();
        if (reader.IsDBNull(column))
            return runs;
        var started = reader.GetFieldValue<DateTime[]>(column);
        var finished = reader.GetFieldValue<DateTime[]>(column + 1);
        var attempts = reader.GetFieldValue<int[]>(column + 2);
        var outcomes = reader.GetFieldValue<string[]>(column + 3);
        var failures = reader.GetFieldValue<string?[]>(column + 4);
        for (var i = 0; i < started.Length; i++)
            runs.Add(new PastRun(Utc(started[i]), Utc(finished[i]), attempts[i], outcomes[i], failures[i]));
        return runs;
    }

    private static List<StoredProgress> ReadProgress(NpgsqlDataReader reader, int column)
    {
        var progress = new List<StoredProgress>();
        if (reader.IsDBNull(column))
            return progress;
        var seqs = reader.GetFieldValue<long[]>(column);
        var times = reader.GetFieldValue<DateTime[]>(column + 1);
        var percents = reader.GetFieldValue<float[]>(column + 2);
        var messages = reader.GetFieldValue<string?[]>(column + 3);
        for (var i = 0; i < seqs.Length; i++)
            progress.Add(new StoredProgress(seqs[i], Utc(times[i]), new TaskProgress(percents[i], messages[i])));
        return progress;
    }

    private static DateTimeOffset Utc(DateTime time) => new(time, TimeSpan.Zero);
}
