using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Infrastructure.Store.Connections;

/// <summary>Positional parameters for the ledger's statements, typed so that every statement can be prepared.</summary>
internal static class Parameters
{
    /// <summary>Adds a statement to a batch. A batch without an explicit transaction is one: Postgres commits it at its single Sync.</summary>
    public static void Add(this NpgsqlBatch batch, string sql, params ReadOnlySpan<object> values)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = sql;
        foreach (var value in values)
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        batch.BatchCommands.Add(command);
    }

    /// <summary>Runs a batch with prepared statements: prepared once per connection, then known there by name; one round trip.</summary>
    public static async Task<NpgsqlDataReader> ReadPreparedAsync(this NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        await batch.PrepareAsync(cancellationToken);
        return await batch.ExecuteReaderAsync(cancellationToken);
    }

    /// <summary>The same for batches that answer nothing.</summary>
    public static async Task ExecutePreparedAsync(this NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        await batch.PrepareAsync(cancellationToken);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A uuid that may be null.</summary>
    public static NpgsqlParameter Uuid(Guid? value) =>
        new() { NpgsqlDbType = NpgsqlDbType.Uuid, Value = value is { } id ? id : DBNull.Value };

    /// <summary>A time that may be null.</summary>
    public static NpgsqlParameter Time(DateTimeOffset? value) =>
        new() { NpgsqlDbType = NpgsqlDbType.TimestampTz, Value = value is { } at ? at.UtcDateTime : DBNull.Value };

    /// <summary>A text straight from UTF-8 bytes.</summary>
    public static NpgsqlParameter Text(ReadOnlyMemory<byte> utf8) => new() { NpgsqlDbType = NpgsqlDbType.Text, Value = utf8 };

    /// <summary>A text[] straight from UTF-8 bytes, without a detour through strings.</summary>
    public static NpgsqlParameter Texts<T>(T[] rows, Converter<T, ReadOnlyMemory<byte>> text) =>
        new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = Array.ConvertAll(rows, text) };

    /// <summary>The same with nulls.</summary>
    public static NpgsqlParameter Texts<T>(T[] rows, Converter<T, ReadOnlyMemory<byte>?> text) =>
        new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = Array.ConvertAll(rows, text) };

    /// <summary>
    /// A column in which the rows of a batch mostly agree: their values, or null if all have the first one's, which then travels once, as
    /// a parameter of its own. In the statement: <c>coalesce(t.column, $n)</c>, since unnest fills a missing array up with nulls.
    /// </summary>
    public static NpgsqlParameter Differing<T>(T[] values, NpgsqlDbType type)
        where T : notnull
    {
        var first = values[0];
        return Rows(Array.TrueForAll(values, v => EqualityComparer<T>.Default.Equals(v, first)) ? null : values, type);
    }

    /// <summary>A column that is mostly null: its values, or null if it is null in all rows.</summary>
    public static NpgsqlParameter Rare<T>(T[] values, NpgsqlDbType type) => Rows(Array.TrueForAll(values, static v => v is null) ? null : values, type);

    private static NpgsqlParameter Rows<T>(T[]? values, NpgsqlDbType type) =>
        new() { NpgsqlDbType = NpgsqlDbType.Array | type, Value = values is null ? DBNull.Value : values };

    /// <summary>Makes a text of ours storable: NUL becomes U+FFFD, lone surrogates too, and what is too long is cut.</summary>
    public static string Scrub(string text, int longest)
    {
        if (text.Length > longest)
            text = text[..longest];
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
    }
}
