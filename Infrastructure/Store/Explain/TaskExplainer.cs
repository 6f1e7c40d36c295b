using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Read;
using Npgsql;

namespace Messaging.Infrastructure.Store.Explain;

/// <summary>Says why a task is where it is.</summary>
public sealed class TaskExplainer(LedgerConnections ledger)
{
    /// <summary>How far is counted in a queue and in the outbox.</summary>
    public const int MostCounted = 10_000;

    /// <summary>Explains a task; null if there is none.</summary>
    /// <param name="id">The task.</param>
    /// <param name="broker">How this process sees the broker.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached, or did not answer in 15 s.</exception>
    public async Task<ExplainResponse?> ExplainAsync(Guid id, BrokerView broker, CancellationToken cancellationToken)
    {
        await using var command = ledger.Web.CreateCommand(ExplainSql.Facts);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostCounted });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Explanations.Of(Read(id, reader) with { Broker = broker }) : null;
    }

    private static TaskFacts Read(Guid id, NpgsqlDataReader reader) => new()
    {
        Id = id,
        Kind = reader.GetString(0),
        Queue = reader.GetString(1),
        MaxAttempts = reader.GetInt32(2),
        RunAt = TaskReader.Time(reader, 3),
        State = (TaskState)reader.GetInt16(4),
        Attempt = reader.IsDBNull(5) ? 0 : reader.GetInt32(5),
        DueAt = TaskReader.Time(reader, 6),
        ClaimedAt = TaskReader.Time(reader, 7),
        QueuedAt = TaskReader.Time(reader, 8),
        Worker = reader.IsDBNull(9) ? null : reader.GetGuid(9),
        CancelRequested = !reader.IsDBNull(10) && reader.GetBoolean(10),
        Suspect = !reader.IsDBNull(11) && reader.GetBoolean(11),
        FinishedAt = TaskReader.Time(reader, 12),
        DiscardedAt = TaskReader.Time(reader, 13),
        Now = TaskReader.Time(reader, 14)!.Value,
        LastOutcome = reader.IsDBNull(15) ? null : reader.GetString(15),
        LastFailure = reader.IsDBNull(16) ? null : JsonSerializer.Deserialize<TaskFailure>(reader.GetString(16), MessagingJson.Tolerant),
        InOutboxSince = TaskReader.Time(reader, 18),
        Ahead = reader.GetInt32(19),
        Workers = new ExplainWorkers(reader.GetInt32(20), reader.GetInt32(21), reader.GetInt32(22), reader.GetInt32(23), reader.GetInt32(24)),
    };
}
