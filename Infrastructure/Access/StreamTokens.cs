using Messaging.Infrastructure.Store.Connections;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Access;

/// <summary>Which event stream.</summary>
/// <param name="TaskId">That of one task; null: of many.</param>
/// <param name="Tag">Of many: only tasks with this tag.</param>
/// <param name="Kind">Of many: only tasks of this kind.</param>
/// <param name="Queue">Of many: only tasks of this queue.</param>
public sealed record StreamTarget(Guid? TaskId = null, string? Tag = null, string? Kind = null, string? Queue = null)
{
    /// <summary>True if <paramref name="other"/> shows nothing that this one does not show.</summary>
    public bool Covers(StreamTarget other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return TaskId == other.TaskId
            && (Tag is null || Tag == other.Tag)
            && (Kind is null || Kind == other.Kind)
            && (Queue is null || Queue == other.Queue);
    }
}

/// <summary>What is known of a token that works.</summary>
/// <param name="KeyId">The API key that it was made with: it is worth no more than that key is now. Null: it was made without a key.</param>
/// <param name="Target">The one stream that it opens.</param>
public sealed record StreamToken(string? KeyId, StreamTarget Target);

/// <summary>
/// Tokens with which a browser, which can't send an API key with an <c>EventSource</c>, opens one event stream. They stand in addresses, so they live for
/// minutes and open nothing else. Only their hashes are stored: see docs/decisions/0039.
/// </summary>
public sealed class StreamTokens(LedgerConnections ledger)
{
    /// <summary>How every token begins.</summary>
    public const string Prefix = "mst_";

    /// <summary>How long a token lives unless somebody says otherwise.</summary>
    public static readonly TimeSpan DefaultLife = TimeSpan.FromMinutes(5);

    /// <summary>The longest life that can be asked for.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromHours(1);

    /// <summary>Makes a token.</summary>
    /// <param name="keyId">The key of whoever asks; null: there is none.</param>
    /// <param name="target">What it opens.</param>
    /// <param name="life">How long streams may be opened with it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<(string Token, DateTimeOffset ExpiresAt)> CreateAsync(
        string? keyId, StreamTarget target, TimeSpan life, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        var token = Prefix + KeySecret.Secret();
        await using var command = ledger.Web.CreateCommand(StreamTokenSql.Insert);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = KeySecret.Hash(token) });
        command.Parameters.Add(Text(keyId));
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Uuid, Value = (object?)target.TaskId ?? DBNull.Value });
        command.Parameters.Add(Text(target.Tag));
        command.Parameters.Add(Text(target.Kind));
        command.Parameters.Add(Text(target.Queue));
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = life });
        var expiresAt = (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
        return (token, new DateTimeOffset(expiresAt, TimeSpan.Zero));
    }

    /// <summary>Looks a token up; null if it never was one, or has expired.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<StreamToken?> FindAsync(string token, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (!token.StartsWith(Prefix, StringComparison.Ordinal) || token.Length > 100)
            return null;
        await using var command = ledger.Web.CreateCommand(StreamTokenSql.Find);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = KeySecret.Hash(token) });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new StreamToken(Text(reader, 0), new StreamTarget(reader.IsDBNull(1) ? null : reader.GetGuid(1), Text(reader, 2), Text(reader, 3), Text(reader, 4)))
            : null;
    }

    private static NpgsqlParameter Text(string? value) => new() { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)value ?? DBNull.Value };

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
