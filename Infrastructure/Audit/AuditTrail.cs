using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Audit;

/// <summary>Which entries of the audit log. Null does not narrow.</summary>
/// <param name="Action">Only this action.</param>
/// <param name="Target">Only what was done with this.</param>
/// <param name="Actor">Only what this one did.</param>
public sealed record AuditFilter(string? Action = null, string? Target = null, string? Actor = null);

/// <summary>What people did. An entry is written in the transaction of what it tells of, so neither is there without the other.</summary>
public sealed class AuditTrail(LedgerConnections ledger)
{
    private const int LongestReason = 1_000;

    /// <summary>Reads entries, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">Only those before this one; null: from the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyList<AuditResponse>> ListAsync(AuditFilter filter, long? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        await using var command = ledger.Web.CreateCommand(AuditSql.List);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after ?? long.MaxValue });
        command.Parameters.Add(Text(filter.Action));
        command.Parameters.Add(Text(filter.Target));
        command.Parameters.Add(Text(filter.Actor));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var entries = new List<AuditResponse>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            entries.Add(new AuditResponse
            {
                Id = reader.GetInt64(0),
                At = new DateTimeOffset(reader.GetDateTime(1), TimeSpan.Zero),
                Action = reader.GetString(2),
                Target = reader.GetString(3),
                Actor = reader.GetString(4),
                ActorName = Text(reader, 5),
                Address = Text(reader, 6),
                Reason = Text(reader, 7),
                Details = await reader.IsDBNullAsync(8, cancellationToken) ? null : new RawJson(await reader.GetFieldValueAsync<byte[]>(8, cancellationToken)),
            });
        }

        return entries;
    }

    /// <summary>Writes an entry in the connection's present transaction.</summary>
    /// <param name="connection">In the transaction of the action.</param>
    /// <param name="by">Who and why.</param>
    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <param name="target"><c>task:ID</c> and the like.</param>
    /// <param name="details">More of what was done; null: nothing more. Never a secret.</param>
    /// <param name="cancellationToken">Ends the write, and with it the transaction.</param>
    internal static async Task WriteAsync(
        NpgsqlConnection connection, OnBehalf by, string action, string target, object? details, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(AuditSql.Insert, connection)
        {
            Parameters =
            {
                Text(action),
                Text(target),
                Text(by.Actor.Id),
                Text(by.Actor.Name),
                Text(by.Actor.Address),
                Text(by.Reason is { } reason ? Parameters.Scrub(reason, LongestReason) : null),
                Text(details is null ? null : JsonSerializer.Serialize(details, HttpJson.Options)),
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Text(string? value) => new() { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)value ?? DBNull.Value };

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
