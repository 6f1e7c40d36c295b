using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Messaging.Producer.Http;

/// <summary>Asks the ledger whether it is there; gives it two seconds.</summary>
internal sealed class LedgerCheck(LedgerConnections ledger, StartBehindServer parts, TimeProvider time) : IHealthCheck
{
    public const string Name = "ledger";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!parts.IsReady)
            return HealthCheckResult.Unhealthy("Waiting for Postgres since the start, or stopping.");
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await using var command = ledger.Web.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync(either.Token);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return HealthCheckResult.Unhealthy("Postgres does not answer.");
        }
    }
}
