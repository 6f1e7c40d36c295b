using System.Globalization;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Infrastructure.Store.Submit;

/// <summary>
/// Tells the SQL function <c>messaging.submit</c> what it can't read from a configuration: how long idempotency keys are kept, and where callbacks may
/// go beside the internet. Written at a producer's start; of producers that differ the last one counts.
/// </summary>
public sealed class SqlSubmitSettings(
    LedgerConnections ledger, IOptions<IdempotencyOptions> idempotency, IOptions<CallbackOptions> callbacks, TimeProvider time) : BackgroundService
{
    /// <summary>Sets $1 to $2, if it is something else. Index: primary key.</summary>
    public const string Set = """
        INSERT INTO messaging.settings AS s (name, value) SELECT $1, $2
        WHERE NOT EXISTS (SELECT FROM messaging.settings o WHERE o.name = $1 AND o.value = $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """;

    /// <summary>How long idempotency keys are kept, as a Postgres interval.</summary>
    public const string KeepFor = "idempotency.keep-for";

    /// <summary>Whether callbacks may go to this machine: <c>true</c> or <c>false</c>. None: no.</summary>
    public const string AllowLoopback = "callbacks.allow-loopback";

    /// <summary>Whether callbacks may go to private networks: <c>true</c> or <c>false</c>. None: no.</summary>
    public const string AllowPrivate = "callbacks.allow-private";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Writes the settings.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        await SetAsync(KeepFor, string.Create(CultureInfo.InvariantCulture, $"{idempotency.Value.KeepFor.TotalSeconds:0.###} seconds"), cancellationToken);
        await SetAsync(AllowLoopback, callbacks.Value.AllowLoopback ? "true" : "false", cancellationToken);
        await SetAsync(AllowPrivate, callbacks.Value.AllowPrivate ? "true" : "false", cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!await TryWriteAsync(stoppingToken))
            await Task.Delay(Pause, time, stoppingToken);
    }

    private async Task SetAsync(string name, string value, CancellationToken cancellationToken)
    {
        await using var command = ledger.Control.CreateCommand(Set);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        await command.ExecuteNonQueryAsync(cancellationToken);
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
