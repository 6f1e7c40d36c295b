using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Chaos.Faults;

/// <summary>A server stopped or killed, and started again.</summary>
/// <param name="ledger">Postgres, or RabbitMQ.</param>
/// <param name="kill">True: <c>kill -9</c>, so that it recovers at its start.</param>
public sealed class RestartServer(bool ledger, bool kill) : IFault
{
    /// <inheritdoc/>
    public string Name => $"{(ledger ? "Postgres" : "RabbitMQ")} {(kill ? "killed and started" : "restarted")}";

    /// <inheritdoc/>
    public bool TakesLedgerAway => ledger;

    /// <inheritdoc/>
    public async Task RunAsync(ChaosSystem system, Random random, ChaosJournal journal, CancellationToken cancellationToken)
    {
        IServer server = ledger ? system.Postgres : system.RabbitMq;
        await system.ChangingServers.WaitAsync(cancellationToken);
        try
        {
            if (kill)
                await server.KillAsync(cancellationToken);
            else
                await server.StopAsync(StopMode.Graceful, cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * 4), TimeProvider.System, cancellationToken);
            await server.StartAsync(cancellationToken);
        }
        finally
        {
            system.ChangingServers.Release();
        }
    }
}
