using Messaging.Infrastructure.Store.Connections;
using Messaging.Tests.Integration.Http;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Tests.Integration.Sql;

/// <summary>A fixture with one producer, beside which a service submits by SQL on connections of its own.</summary>
public abstract class SqlSubmitTest : ProducerTest
{
    protected const string Input = """{"message":"hello"}""";

    protected string ConnectionString => Producer.Get<IOptions<LedgerOptions>>().Value.Postgres;

    /// <summary>A connection of the service's own.</summary>
    protected async Task<NpgsqlConnection> ConnectAsync(string? role = null)
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false, CommandTimeout = 60 };
        if (role is not null)
            settings.Username = role;
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Submits on a connection, in whatever transaction is open there.</summary>
    protected static async Task<Guid> SubmitAsync(NpgsqlConnection connection, string? options = null, string? input = Input, string? kind = "debug.echo")
    {
        await using var command = new NpgsqlCommand("SELECT messaging.submit($1, $2, $3)", connection);
        foreach (var value in new[] { kind, input, options })
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)value ?? DBNull.Value });
        return (Guid)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Submits in a transaction of its own.</summary>
    protected async Task<Guid> SubmitAsync(string? options = null, string? input = Input, string? kind = "debug.echo")
    {
        await using var connection = await ConnectAsync();
        return await SubmitAsync(connection, options, input, kind);
    }

    /// <summary>What a submit is refused with.</summary>
    protected async Task<PostgresException> RefusalAsync(string? options = null, string? input = Input, string? kind = "debug.echo")
    {
        try
        {
            var id = await SubmitAsync(options, input, kind);
            throw new AssertionException($"It was accepted as {id}.");
        }
        catch (PostgresException e)
        {
            return e;
        }
    }

    protected static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    protected async Task<long> CountAsync(string from) => (long)(await Producer.ScalarAsync($"SELECT count(*) FROM messaging.{from}"))!;
}
