using Messaging.Infrastructure.Migrations;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Kinds;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Store;

/// <summary>The first thing a host does: waits for Postgres, brings the schema up to date, reads the ledger's clock and the kinds.</summary>
public sealed class LedgerStartup(
    IOptions<LedgerOptions> options, LedgerClock clock, KindCatalog kinds, TimeProvider time, ILogger<LedgerStartup> log) : IHostedService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Returns when the ledger can be used; tries for as long as it takes.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        for (var pause = TimeSpan.FromSeconds(0.25); ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await MigrationRunner.MigrateAsync(options.Value.Postgres, cancellationToken);
                await clock.ReadAsync(cancellationToken);
                await kinds.RefreshAsync(cancellationToken);
                log.LedgerReady();
                return;
            }
            catch (Exception e) when (LedgerErrors.IsTransient(e))
            {
                log.LedgerNotThere(e.Message, pause.TotalSeconds);
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
