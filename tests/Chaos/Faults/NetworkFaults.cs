using Messaging.Tests.Support.Faults;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Tests.Chaos.Faults;

/// <summary>Every connection to a server cut at once.</summary>
/// <param name="ledger">Postgres, or RabbitMQ.</param>
public sealed class CutConnections(bool ledger) : IFault
{
    /// <inheritdoc/>
    public string Name => $"connections to {(ledger ? "Postgres" : "RabbitMQ")} cut";

    /// <inheritdoc/>
    public bool TakesLedgerAway => ledger; // a reading that fails starts the watch over a dead worker anew

    /// <inheritdoc/>
    public Task RunAsync(ChaosSystem system, Random random, ChaosJournal journal, CancellationToken cancellationToken)
    {
        (ledger ? system.ToPostgres : system.ToRabbitMq).Cut();
        return Task.CompletedTask;
    }
}

/// <summary>A server that can't be reached for some seconds: refused, or a cable pulled so that nothing is answered at all.</summary>
/// <param name="ledger">Postgres, or RabbitMQ.</param>
/// <param name="silent">True: the connections stand and nothing goes through.</param>
public sealed class Unreachable(bool ledger, bool silent) : IFault
{
    /// <inheritdoc/>
    public string Name => $"{(ledger ? "Postgres" : "RabbitMQ")} {(silent ? "silent" : "refusing")} for 3 to 12 s";

    /// <inheritdoc/>
    public bool TakesLedgerAway => ledger;

    /// <inheritdoc/>
    public async Task RunAsync(ChaosSystem system, Random random, ChaosJournal journal, CancellationToken cancellationToken)
    {
        TcpProxy proxy = ledger ? system.ToPostgres : system.ToRabbitMq;
        if (silent)
            proxy.Hold();
        else
            proxy.Refuse();
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(random.Next(3, 13)), TimeProvider.System, cancellationToken);
        }
        finally
        {
            proxy.Resume();
        }
    }
}

/// <summary>The task queue emptied by hand: what waited there is gone from the broker for good.</summary>
public sealed class PurgeWaiting : IFault
{
    /// <inheritdoc/>
    public string Name => "queue purged";

    /// <inheritdoc/>
    public async Task RunAsync(ChaosSystem system, Random random, ChaosJournal journal, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await new ConnectionFactory { Uri = system.RabbitMq.Uri }.CreateConnectionAsync(cancellationToken);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            journal.NotePurge(await channel.QueuePurgeAsync("messaging.tasks.default", cancellationToken));
        }
        catch (Exception away) when (away is BrokerUnreachableException or OperationInterruptedException or AlreadyClosedException)
        {
            journal.NotePurge(0); // another fault has the broker now
        }
    }
}
