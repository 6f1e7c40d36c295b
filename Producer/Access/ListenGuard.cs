using System.Net;
using Messaging.Infrastructure.Access;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Npgsql;

namespace Messaging.Producer.Access;

/// <summary>
/// Without keys anybody who reaches the service may use it. So it listens on loopback only until somebody has made a key, unless
/// <c>Messaging:Anonymous</c> says in so many words that everybody may.
/// </summary>
internal sealed class ListenGuard(AccessMode mode, KeyCatalog keys) : IHostedService
{
    private const int PatienceSeconds = 3;

    /// <summary>Checks every endpoint before it is bound.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="mode">Learns whether the service listens beyond loopback.</param>
    /// <param name="postgres">Where the keys are.</param>
    public static void Set(KestrelServerOptions kestrel, AccessMode mode, string? postgres)
    {
        if (mode.Anonymous)
            return;
        kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            if (endpoint.IPEndPoint is not { } address || IPAddress.IsLoopback(address.Address))
                return;
            mode.Reachable = address;
            if (HasKeys(postgres) == false)
                throw new ListenRefusedException(address);
        });
    }

    /// <summary>Where the ledger was away when the endpoint was bound, this comes behind it and looks again.</summary>
    public Task StartAsync(CancellationToken cancellationToken) =>
        mode is { Anonymous: false, Reachable: { } address } && keys.Any == false ? throw new ListenRefusedException(address) : Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Null: the ledger is away, so nobody knows. Until it is there, nobody is let in.</summary>
    private static bool? HasKeys(string? postgres)
    {
        try
        {
            var once = new NpgsqlConnectionStringBuilder(postgres) { Pooling = false, Timeout = PatienceSeconds, CommandTimeout = PatienceSeconds };
            using var connection = new NpgsqlConnection(once.ConnectionString);
            connection.Open();
            using var command = new NpgsqlCommand(KeySql.Any, connection);
            return (bool)command.ExecuteScalar()!;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return false;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>The service was told to listen where strangers could reach it.</summary>
internal sealed class ListenRefusedException(IPEndPoint address) : Exception(
    $"Refusing to listen on {address}: there are no API keys, so everybody who reaches the service could use it. " +
    "Make one (dotnet Messaging.Producer.dll keys create --name NAME --scopes admin), listen on loopback (http://127.0.0.1:PORT), " +
    "or allow everybody with Messaging:Anonymous=true (environment: Messaging__Anonymous=true).");
