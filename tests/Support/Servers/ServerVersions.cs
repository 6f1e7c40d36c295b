using System.Text;
using Npgsql;
using RabbitMQ.Client;

namespace Messaging.Tests.Support.Servers;

/// <summary>Asks running servers for their versions.</summary>
public static class ServerVersions
{
    /// <summary>Such as <c>15.14</c>.</summary>
    public static async Task<string> PostgresAsync(IPostgres server, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return connection.PostgreSqlVersion.ToString();
    }

    /// <summary>Such as <c>4.0.5</c>.</summary>
    public static async Task<string> RabbitMqAsync(IRabbitMq server, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        await using var connection = await new ConnectionFactory { Uri = server.Uri }.CreateConnectionAsync(cancellationToken);
        return connection.ServerProperties?["version"] is byte[] version ? Encoding.UTF8.GetString(version) : "of unknown version";
    }
}
