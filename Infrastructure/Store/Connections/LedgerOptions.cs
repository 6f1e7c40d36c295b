using System.ComponentModel.DataAnnotations;

namespace Messaging.Infrastructure.Store.Connections;

/// <summary>How a process reaches the ledger. Bound from the configuration section <c>Messaging</c>.</summary>
public sealed class LedgerOptions
{
    /// <summary>The Npgsql connection string, database included. Required. Setting: <c>Messaging:Postgres</c>.</summary>
    [Required(ErrorMessage = "Messaging:Postgres is not set: give it a connection string, e.g. Host=localhost;Database=messaging;Username=messaging.")]
    public string Postgres { get; set; } = "";

    /// <summary>
    /// Connections that commit synchronously: submits and finishes. Default 4. More rarely helps: each writes batches of many.
    /// </summary>
    [Range(1, 64)]
    public int DurableConnections { get; set; } = 4;

    /// <summary>Connections that commit asynchronously: claims and settles, where a lost commit only repeats work. Default 4.</summary>
    [Range(1, 64)]
    public int RelaxedConnections { get; set; } = 4;

    /// <summary>Connections for background loops: heartbeat, promoter, rescuer, sweeper. Default 4.</summary>
    [Range(2, 64)]
    public int ControlConnections { get; set; } = 4;

    /// <summary>Connections for reads and rare writes: status, lists. Default 16.</summary>
    [Range(1, 200)]
    public int WebConnections { get; set; } = 16;

    /// <summary>Connections for reading what open event streams wait for and, in consumers, what callbacks tell. Default 4; opened when first needed.</summary>
    [Range(2, 64)]
    public int EventConnections { get; set; } = 4;

    /// <summary>
    /// Connections for transactions that handlers write their own rows in. Default 8; opened when first used. A handler that finds none
    /// free waits for one.
    /// </summary>
    [Range(1, 200)]
    public int HandlerConnections { get; set; } = 8;

    /// <summary>
    /// How long such a transaction may do nothing before Postgres ends it and the attempt fails. Default 30 seconds. Longer lets a worker
    /// that hangs keep its rows locked for longer.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan HandlerTransactionIdle { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a write may wait for the ledger in all before its caller is told to come back. Default 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(10);
}
