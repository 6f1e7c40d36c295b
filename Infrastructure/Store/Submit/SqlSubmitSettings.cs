using System.Globalization;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>
/// Tells the SQL function <c>messaging.submit</c> what it can't read from a configuration: how long idempotency keys are kept. Written at a
/// producer's start; of producers that differ the last one counts.
/// </summary>
public sealed class SqlSubmitSettings(LedgerConnections ledger, IOptions<IdempotencyOptions> options, TimeProvider time) : BackgroundService
{
    /// <summary>Sets $1 to $2, if it is something else. Index: primary key.</summary>
    public const string Set = """
        INSERT INTO messaging.settings AS s (name, value) SELECT $1, $2
        WHERE NOT EXISTS (SELECT FROM messaging.settings o WHERE o.name = $1 AND o.value = $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """;

    /// <summary>The setting's name; its value is a Postgres interval.</summary>
    public const string KeepFor = "idempotency.keep-for";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Writes the setting.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(Set);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = KeepFor });
        command.Parameters.Add(new NpgsqlParameter<string>
        {
            TypedValue = string.Create(CultureInfo.InvariantCulture, $"{options.Value.KeepFor.TotalSeconds:0.###} seconds"),
        });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!await TryWriteAsync(stoppingToken))
            await Task.Delay(Pause, time, stoppingToken);
    }

    private async Task<bool> TryWriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e) && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
