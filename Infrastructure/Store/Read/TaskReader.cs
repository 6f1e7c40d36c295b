using System.Text.Json;
using Messaging.Contracts.Json;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Files;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Store.Read;

/// <summary>One run of a task, as recorded.</summary>
/// <param name="Attempt">Its number, from 1.</param>
/// <param name="Worker">Who ran it.</param>
/// <param name="StartedAt">The claim.</param>
/// <param name="FinishedAt">Null while it runs.</param>
/// <param name="Outcome">One of <see cref="AttemptOutcomes"/>.</param>
/// <param name="Failure">Why it failed.</param>
public sealed record AttemptRecord(
    int Attempt, Guid Worker, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string Outcome, TaskFailure? Failure);

/// <summary>Reads tasks and their attempts on behalf of people and HTTP clients.</summary>
public sealed class TaskReader(LedgerConnections ledger, LargeTexts large)
{
    /// <summary>Reads a task whole; null if there is none.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<TaskRecord?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var task = await ReadAsync(id, cancellationToken);
        if (task?.Input is { } input && LargeTexts.IsReference(input.Span))
            task = task with { Input = await large.LoadAsync(input, cancellationToken) };
        if (task?.Result is { } result && LargeTexts.IsReference(result.Span))
            task = task with { Result = await large.LoadAsync(result, cancellationToken) };
        return task;
    }

    private async Task<TaskRecord?> ReadAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = ledger.Web.CreateCommand(TaskReadSql.One);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        return Read(reader) with { Result = Bytes(reader, 22), Input = Bytes(reader, 23) };
    }

    /// <summary>Reads tasks without inputs and results, in the order of the ids, in the transaction of <paramref name="connection"/> if it has one.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public static async Task<IReadOnlyList<TaskRecord>> LoadAsync(
        NpgsqlConnection connection, IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        // Prepared: planning it over all partitions takes longer than running it.
        await using var batch = connection.CreateBatch();
        batch.Add(TaskReadSql.Many, ids.ToArray());
        var found = new Dictionary<Guid, TaskRecord>(ids.Count);
        await using var reader = await batch.ReadPreparedAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var task = Read(reader);
            found[task.Id] = task;
        }

        return [.. ids.Where(found.ContainsKey).Select(id => found[id])];
    }

    /// <summary>Reads a task's attempts in the order of their start; empty if it has none.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyList<AttemptRecord>> AttemptsAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = ledger.Web.CreateCommand(TaskReadSql.Attempts);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        var attempts = new List<AttemptRecord>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            attempts.Add(new AttemptRecord(
                reader.GetInt32(0), reader.GetGuid(1), Time(reader, 2)!.Value, Time(reader, 3), reader.GetString(4), Failure(reader, 5)));
        }

        return attempts;
    }

    /// <summary>Reads <see cref="TaskReadSql.Columns"/>, which begin at column <paramref name="first"/>.</summary>
    internal static TaskRecord Read(NpgsqlDataReader reader, int first = 0)
    {
        var open = !reader.IsDBNull(first + 6);
        if (!open && reader.IsDBNull(first + 11))
            throw new InvalidOperationException($"Task {reader.GetGuid(first)} is neither open nor ended: the ledger is damaged.");
        return new TaskRecord
        {
            Id = reader.GetGuid(first),
            Kind = reader.GetString(first + 1),
            Queue = reader.GetString(first + 2),
            MaxAttempts = reader.GetInt32(first + 3),
            Tags = reader.IsDBNull(first + 5) ? [] : reader.GetFieldValue<string[]>(first + 5),
            State = (TaskState)reader.GetInt16(first + (open ? 6 : 11)),
            Attempt = reader.GetInt32(first + (open ? 7 : 12)),
            RunAt = Time(reader, first + 8) ?? Time(reader, first + 4),
            Deadline = Time(reader, first + 18),
            StartedAt = Time(reader, first + (open ? 9 : 13)),
            CancelRequested = open && reader.GetBoolean(first + 10),
            FinishedAt = Time(reader, first + 14),
            Failure = Failure(reader, first + 15),
            Fingerprint = reader.IsDBNull(first + 19) ? null : reader.GetString(first + 19),
            DiscardedAt = Time(reader, first + 20),
            HasCallback = reader.GetBoolean(first + 21),
            Progress = reader.IsDBNull(first + 16) ? null : new TaskProgress(reader.GetFloat(first + 16), reader.IsDBNull(first + 17) ? null : reader.GetString(first + 17)),
        };
    }

    internal static ReadOnlyMemory<byte>? Bytes(NpgsqlDataReader reader, int column) =>
        // A null of type byte[] would become an empty text, not none.
        reader.IsDBNull(column) ? default(ReadOnlyMemory<byte>?) : reader.GetFieldValue<byte[]>(column);

    internal static DateTimeOffset? Time(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetDateTime(column), TimeSpan.Zero);

    private static TaskFailure? Failure(NpgsqlDataReader reader, int column) =>
        ReadFailure(reader.IsDBNull(column) ? null : reader.GetString(column));

    /// <summary>A stored failure; null if there is none.</summary>
    internal static TaskFailure? ReadFailure(string? text) =>
        text is null ? null : JsonSerializer.Deserialize<TaskFailure>(text, MessagingJson.Tolerant);
}
