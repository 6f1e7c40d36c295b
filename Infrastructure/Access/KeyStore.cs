using Messaging.Contracts.Http;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Access;

/// <summary>What came of making a key.</summary>
public enum CreateKeyAnswer
{
    /// <summary>It was made.</summary>
    Created,

    /// <summary>It would be the first, and its holder could make no other: nobody could.</summary>
    FirstMustBeAdmin,

    /// <summary>There are <see cref="KeyStore.MostKeys"/> that work.</summary>
    TooMany,
}

/// <summary>A key that was made.</summary>
/// <param name="Answer">Whether.</param>
/// <param name="Key">What the ledger has of it; null if it was not made.</param>
/// <param name="Secret">The key itself, which nobody can read again; null if it was not made.</param>
public sealed record CreatedKey(CreateKeyAnswer Answer, ApiKey? Key = null, string? Secret = null);

/// <summary>Makes, shows and revokes API keys. Each is in the audit log, in the same transaction.</summary>
public sealed class KeyStore(LedgerConnections ledger)
{
    /// <summary>How many keys may work at a time: every process has all of them in memory and reads them every second.</summary>
    public const int MostKeys = 1_000;

    /// <summary>Makes a key.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<CreatedKey> CreateAsync(NewKey wanted, OnBehalf by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(by);
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (ever, working) = await CountAsync(connection, cancellationToken);
        if (ever == 0 && !wanted.Scopes.HasFlag(ApiScopes.Admin))
            return new CreatedKey(CreateKeyAnswer.FirstMustBeAdmin);
        if (working >= MostKeys)
            return new CreatedKey(CreateKeyAnswer.TooMany);

        var (id, key, hash) = KeySecret.Create();
        await using (var insert = new NpgsqlCommand(KeySql.Insert, connection))
        {
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = wanted.Name });
            insert.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)wanted.Scopes });
            insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
            insert.Parameters.Add(Parameters.Time(wanted.ExpiresAt));
            insert.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Interval, Value = (object?)wanted.ExpiresIn ?? DBNull.Value });
            insert.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Integer, Value = (object?)wanted.RatePerSecond ?? DBNull.Value });
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        var made = (await FindAsync(connection, id, cancellationToken))!;
        await AuditTrail.WriteAsync(
            connection,
            by,
            AuditActions.CreateKey,
            $"key:{id}",
            new { made.Name, Scopes = ApiScopeWords.Of(made.Scopes), made.ExpiresAt, made.RatePerSecond },
            cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new CreatedKey(CreateKeyAnswer.Created, made, key);
    }

    /// <summary>Reads a key; null if there never was one.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<ApiKey?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        return await FindAsync(connection, id, cancellationToken);
    }

    /// <summary>Reads keys, newest first, revoked and expired ones too.</summary>
    /// <param name="after">Only those behind this one; null: from the newest. None, if there is no such key.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        await using var command = ledger.Web.CreateCommand(KeySql.List);
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)after ?? DBNull.Value });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var keys = new List<ApiKey>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            keys.Add(Read(reader));
        return keys;
    }

    /// <summary>Revokes a key; it stops working within <see cref="KeyCatalog.LongestAge"/>. False: there is none. One that was revoked stays so.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<bool> RevokeAsync(string id, OnBehalf by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(by);
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var revoke = new NpgsqlCommand(KeySql.Revoke, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = id } } })
        {
            if (await revoke.ExecuteScalarAsync(cancellationToken) is not string name)
                return await FindAsync(connection, id, cancellationToken) is not null;
            await AuditTrail.WriteAsync(connection, by, AuditActions.RevokeKey, $"key:{id}", new { name }, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Reads the columns that all statements have in common.</summary>
    internal static ApiKey Read(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetString(0),
        Name = reader.GetString(1),
        Scopes = (ApiScopes)reader.GetInt16(2),
        CreatedAt = Time(reader, 3)!.Value,
        LastUsedAt = Time(reader, 4),
        ExpiresAt = Time(reader, 5),
        RevokedAt = Time(reader, 6),
        RatePerSecond = reader.IsDBNull(7) ? null : reader.GetInt32(7),
    };

    private static async Task<ApiKey?> FindAsync(NpgsqlConnection connection, string id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(KeySql.Find, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = id } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    private static async Task<(long Ever, long Working)> CountAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(KeySql.Count, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetDateTime(column), TimeSpan.Zero);
}
